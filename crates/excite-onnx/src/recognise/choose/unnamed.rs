//! Activations that are no function of the catalogue.

use excite::Function;

use super::super::{Verdict, curve};
use super::{Activation, Chooser, Id, exact};

/// A region that is no function of the catalogue.
pub(super) struct Unnamed {
    z: Id,
    to: Id,
    /// The functions that are known by their curves, one for each index of the constants where they differ; or why it cannot be looked at.
    functions: Result<Vec<Function>, &'static str>,
    /// The shape of the constants.
    lanes: Vec<usize>,
}

/// The most different curves that the units of an activation may have, and a quarter of the most in a model: each stays in memory.
const MOST_CURVES: usize = 1 << 10;

impl Chooser<'_, '_, '_> {
    /// A region that joins a function with z itself or with another function of z, as min(z, 3)·σ(z) does, and is none of the catalogue: it is
    /// one activation, not the sigmoid in it. Where z is added to a function of it, a path leads round an activation.
    pub(super) fn joined(&mut self, to: Id) -> Option<Unnamed> {
        let z = *self.regions.sources(to).last()?;
        let inside = self.regions.between(z, to)?;
        let is_round = matches!(self.regions.op(to), "Add" | "Sub" | "Sum") && self.regions.reads(to, z);
        let holds_function = |found: &mut Self| inside.iter().any(|&id| id != to && found.exactly(id).is_some());
        if is_round || inside.len() < 3 || !self.is_fed(z) || !holds_function(self) {
            return None;
        }
        self.followed(z, to).filter(|unnamed| unnamed.functions.is_ok())
    }

    /// A region that bends, which a layer feeds and which is no function of the catalogue.
    pub(super) fn unnamed(&mut self, to: Id) -> Option<Unnamed> {
        let sources = self.regions.sources(to);
        let is_free =
            |z: Id, to: Id| self.regions.between(z, to).is_some_and(|inside| inside.iter().all(|&id| !self.taken[id]));
        let bends = |z: Id, to: Id| {
            let curve = self.regions.region(z, to).and_then(|region| self.curve(&region, &[]));
            curve.filter(|curve| !self.catalogue.is_affine(curve))
        };
        let first = sources.iter().copied().find(|&z| is_free(z, to) && bends(z, to).is_some())?;
        let later = sources.iter().copied().skip_while(|&z| z != first);
        let z = later.take_while(|&z| bends(z, to).is_some() && (z == first || bends(first, z).is_none())).last()?;
        let results = sources.iter().copied().skip_while(|&id| id != z).skip(1);
        let to = results.into_iter().find(|&result| bends(result, to).is_none()).unwrap_or(to);
        self.followed(z, to)
    }

    /// A region as a function that is known by its curve. None where it is straight or not finite near 0, no layer feeds it, or it does not
    /// go on as it is.
    fn followed(&mut self, z: Id, to: Id) -> Option<Unnamed> {
        let region = self.regions.region(z, to)?;
        let bends = self.curve(&region, &[]).is_some_and(|curve| !self.catalogue.is_out_of_question(&curve));
        if !bends || !self.is_fed(z) || !self.is_handed_on(to) {
            return None;
        }
        let functions = if self.is_a_term(to) {
            Err("it is a term of a sum that it is divided by, as in a softmax of several nodes")
        } else if self.catalogue.curves >= 4 * MOST_CURVES {
            Err("the model has more activations without a name than excite follows")
        } else if region.different_lanes(2).len() > 1 && region.lanes().iter().product::<usize>() > MOST_CURVES {
            Err("it computes another function for each of more than a thousand units, and none that excite knows")
        } else {
            let lanes = region.different_lanes(MOST_CURVES);
            let of =
                |lane: &Vec<usize>| curve::function(&region, lane, &self.catalogue.grid, &self.curve(&region, lane)?);
            lanes.iter().map(of).collect::<Option<Vec<_>>>().ok_or("its curve cannot be followed")
        };
        let lanes = region.lanes().to_vec();
        self.catalogue.curves += functions.as_ref().map_or(0, Vec::len);
        Some(Unnamed { z, to, functions, lanes })
    }

    /// The verdict on a region, and the index of the node that it is named after.
    pub(super) fn settle(&mut self, found: Unnamed) -> (usize, Verdict) {
        let Unnamed { z, to, functions, lanes } = found;
        let inside = self.take(z, to);
        let verdict = match functions.map(|each| (each.first().copied(), each)) {
            Ok((Some(first), each)) => {
                let (each, lanes) = if each.len() > 1 { (each, lanes) } else { (Vec::new(), Vec::new()) };
                Verdict::Is(self.site(Activation { z, to, meaning: exact(first), each, lanes }, &inside))
            }
            Ok((None, _)) => Verdict::Unseen("its constants are empty".to_owned()),
            Err(why) => Verdict::Unseen(why.to_owned()),
        };
        (self.names(&inside), verdict)
    }
}
