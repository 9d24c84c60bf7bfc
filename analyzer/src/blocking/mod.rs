//! Predicting blocking in general: from a run in which nothing got stuck, schedules of its own events in which something
//! does, be it at locks in any mode, channels, joins, condition variables, barriers, semaphores, flags, wait groups, or
//! locks that were never given back.
//!
//! Requests that may wait are the nodes ([`requests`]); what could let them go are the edges ([`links`], [`graph`]);
//! cycles and a few single requests are the candidates ([`cycles`], [`candidates`]); each is led to the point where all
//! of it waits ([`evaluate`]), and the checker decides whether it waits for ever. What no candidate leads to, because permits,
//! arrivals and notifications go to others than in the recording, is found by trying all orders of short recordings, and
//! of stretches of long ones ([`orders`]).

mod analysis;
mod attempt;
mod candidates;
mod cycles;
mod deeds;
mod evaluate;
mod extend;
mod fill;
mod graph;
mod late;
mod links;
mod need;
mod open;
pub(crate) mod orders;
mod patterns;
mod report;
mod requests;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use analysis::Blocking;
