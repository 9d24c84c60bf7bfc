//! The sync-preserving closure: what else must happen in every schedule that keeps the recorded order of what it keeps
//! (for locks alone Mathur, Pavlogiannis and Viswanathan, POPL 2021). One rule a file: L for locks, C for channels (three
//! files, by what is known of the order of messages), V for condition variables, B for barriers.

mod barriers;
mod channels;
mod close;
mod condvars;
mod interchangeable;
mod lock_rule;
mod overtaking;
mod per_thread;
mod rules;

pub(crate) use close::Closure;
pub(crate) use rules::Rules;

#[cfg(test)]
pub(crate) mod tests;
