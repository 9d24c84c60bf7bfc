//! Claims of blocked threads: what each kind of object means for the knot.

mod channels;
mod condvars;
mod counters;
mod locks;
mod others;
mod threads;
