//! Random small traces: random programs, run by a random scheduler on the same objects that judge them later, so that what is
//! recorded is possible by construction.

mod profile;
mod program;
mod run;
mod seeds;
mod wish;

pub(crate) use profile::Profile;
pub(crate) use run::recording;
pub(crate) use seeds::seeds;
