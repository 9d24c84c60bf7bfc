//! What the live monitor tells: an actual deadlock, in the process in which it happened.
//!
//! A process that is monitored reports on standard error, within a tenth of a second, that some of its threads can never
//! go on again: because each waits for a lock, a message, a notification, the end of a thread … that only another of them
//! could give, or because all threads wait and nothing that any waits for is there. Then it does what its [`Action`] says.
//! Only threads that really have to wait take part in it; an operation that need not wait costs nothing more.
//!
//! ```text
//! lockhound: deadlock: `A` and `B`: `main` and `other` wait for each other
//!   `main` waits for `B` (mutex of i32), which `other` holds
//!       at src/main.rs:55:12
//!     and holds `A` (mutex of i32) since src/main.rs:50:18
//!   …
//! ```
//!
//! # What it cannot know
//! * A circle of locks and joins is certain, whatever the rest of the program does. That all threads wait is certain only
//!   if the monitor knows all threads: with one that has never used anything recorded (a test harness's main thread), or a
//!   handler for a signal, the report says *possible* deadlock, comes after half a second, and no action is taken.
//! * Who waits with a time-out, sleeps, or waits for something that is not recorded counts as running.
//! * Of very many locks that a thread holds at once, some are not seen.
//! * Where recording has stopped (a full disk, `LOCKHOUND_LIMIT`), so has the monitor.

mod action;
mod deadlock;
mod prose;
mod text;

pub use action::{Action, Callback};
pub use deadlock::{Certainty, Deadlock, Frame, Held, Mode, Object, Participant, Wait};
