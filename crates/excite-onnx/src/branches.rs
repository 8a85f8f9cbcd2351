//! Several runs of a model that differ from one of its activations on: what comes before is computed once.

use std::collections::HashMap;

use crate::plan::Show;
use crate::run::Kept;
use crate::{Array, Error, InputSet, Model};

/// The outputs of a model that are floats, by name.
pub type Outputs = Vec<(String, Array)>;

impl Model {
    /// Runs the model to its outputs as [`run_replacing`](Self::run_replacing) does, and from the activations of each branch on once more in
    /// another way. A branch is the places among [`sites`](Self::sites) of the activations that it changes, and leaves the trunk before the
    /// first of them. `replace` is given the branch (None for the trunk), the place of the activation, and its results; a branch is asked
    /// about all activations from where it leaves. `give` takes the outputs of each branch and of the trunk as soon as they are there.
    ///
    /// The tensors kept are those of the trunk and of one branch.
    ///
    /// ```
    /// use excite_onnx::{Model, inputs};
    ///
    /// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");
    /// let model = Model::open(format!("{folder}/nmp.onnx"))?;
    /// let run = &inputs::random(&model, 1, 0, &inputs::InputOptions::default())?[0];
    /// // Each activation silenced, one at a time.
    /// let branches: Vec<Vec<usize>> = (0..model.sites().len()).map(|site| vec![site]).collect();
    /// let silence = |branch: Option<usize>, site: usize, values: &mut [f32]| {
    ///     if branch == Some(site) {
    ///         values.fill(0.0);
    ///     }
    /// };
    /// let mut outputs = Vec::new();
    /// model.run_branches(run, &branches, silence, |branch, given| outputs.push((branch, given)))?;
    /// assert_eq!(outputs.len(), 7);
    /// let alone = model.run_replacing(run, |site, values| silence(Some(2), site, values))?;
    /// assert!(outputs.contains(&(Some(2), alone)));
    /// # Ok::<(), excite_onnx::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the inputs do not fit, or the engine fails.
    pub fn run_branches(
        &self,
        run: &InputSet,
        branches: &[Vec<usize>],
        replace: impl FnMut(Option<usize>, usize, &mut [f32]) + Send,
        give: impl FnMut(Option<usize>, Outputs) + Send,
    ) -> Result<(), Error> {
        self.on_engine_threads(|| self.run_branches_here(run, branches, replace, give))
    }

    fn run_branches_here(
        &self,
        run: &InputSet,
        branches: &[Vec<usize>],
        mut replace: impl FnMut(Option<usize>, usize, &mut [f32]),
        mut give: impl FnMut(Option<usize>, Outputs),
    ) -> Result<(), Error> {
        let pieces = &self.replacing.pieces;
        let leaves = |branch: &Vec<usize>| {
            let is_of = |show: &Show| matches!(show, Show::Replaced { site, .. } if branch.contains(site));
            pieces.iter().position(|piece| piece.shows.iter().any(is_of))
        };
        let leaves: Vec<Option<usize>> = branches.iter().map(leaves).collect();
        let mut kept = self.values(run)?;
        let mut given = Vec::new();
        for (place, piece) in pieces.iter().enumerate() {
            self.run_piece(piece, &mut kept, run)?;
            for branch in (0..branches.len()).filter(|&branch| leaves[branch] == Some(place)) {
                let outputs = piece.shows.iter().filter_map(|show| match show {
                    Show::Replaced { output, .. } => Some((*output, kept.own.get(output)?.copied()?)),
                    _ => None,
                });
                let mut fork = Kept { own: outputs.collect::<HashMap<_, _>>(), before: Some(&kept.own) };
                let (mut given, mut replace) =
                    (given.clone(), |site: usize, _: &[f32], values: &mut [f32]| replace(Some(branch), site, values));
                self.finish_replacing(piece, &mut fork, &mut replace, &mut given);
                for piece in &pieces[place + 1..] {
                    self.run_piece(piece, &mut fork, run)?;
                    self.finish_replacing(piece, &mut fork, &mut replace, &mut given);
                }
                give(Some(branch), given);
            }
            self.finish_replacing(piece, &mut kept, &mut |site, _, values| replace(None, site, values), &mut given);
        }
        // Nothing that these change is in an output.
        for branch in (0..branches.len()).filter(|&branch| leaves[branch].is_none()) {
            give(Some(branch), given.clone());
        }
        give(None, given);
        Ok(())
    }
}
