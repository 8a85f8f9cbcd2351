//! Small graphs for every pattern, each with near misses; each is run, and what is shown must be the function of what is shown.

mod bodies;
pub(crate) mod builder;
mod composed;
mod layouts;
mod operators;
mod quantised;
mod recurrent;
mod spellings;
mod tail;
mod unnamed;
