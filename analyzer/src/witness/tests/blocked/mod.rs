//! Claims of blocked threads: what each kind of object means for the knot (`blocking.md` 7 and 10).

mod channels;
mod condvars;
mod counters;
mod locks;
mod others;
mod threads;
