//! Activations that are no function of the catalogue.

use excite::Function;

use super::super::{Verdict, curve};
use super::{Activation, Chooser, Id, exact};

/// A region that is no function of the catalogue.
pub(super) struct Unnamed {
    z: Id,
    to: Id,
    /// The function that is known by its curve, or why it cannot be looked at.
    function: Result<Function, &'static str>,
}

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
        self.followed(z, to).filter(|unnamed| unnamed.function.is_ok())
    }

    /// A region that bends, which a layer feeds and which is no function of the catalogue.
    pub(super) fn unnamed(&self, to: Id) -> Option<Unnamed> {
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
    fn followed(&self, z: Id, to: Id) -> Option<Unnamed> {
        let region = self.regions.region(z, to)?;
        let curve = self.curve(&region, &[]).filter(|curve| !self.catalogue.is_out_of_question(curve))?;
        if !self.is_fed(z) || !self.is_handed_on(to) {
            return None;
        }
        let function = match &region.different_lanes(2)[..] {
            [lane] => {
                curve::function(&region, lane, &self.catalogue.grid, &curve).ok_or("its curve cannot be followed")
            }
            _ => Err("it computes another function for each unit, and none that excite knows"),
        };
        Some(Unnamed { z, to, function })
    }

    /// The verdict on a region, and the index of the node that it is named after.
    pub(super) fn settle(&mut self, found: Unnamed) -> (usize, Verdict) {
        let Unnamed { z, to, function } = found;
        let inside = self.take(z, to);
        let verdict = match function {
            Ok(function) => {
                let (meaning, each, lanes) = (exact(function), Vec::new(), Vec::new());
                Verdict::Is(self.site(Activation { z, to, meaning, each, lanes }, &inside))
            }
            Err(why) => Verdict::Unseen(why.to_owned()),
        };
        (self.names(&inside), verdict)
    }
}
