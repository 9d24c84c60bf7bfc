//! The live monitor, on real deadlocks: each test runs a scenario in a process of its own, which hangs.
#![cfg(feature = "record")]

mod actions;
mod channels;
mod joins;
mod lingering;
mod locks;
mod people;
mod silent;
mod waits;
mod watched;

/// They run before `main`, or else the harness's main thread would be one that the monitor never sees do anything.
extern "C" fn run_scenario() {
    watched::run(&[
        actions::SCENARIOS,
        channels::SCENARIOS,
        joins::SCENARIOS,
        lingering::SCENARIOS,
        locks::SCENARIOS,
        silent::SCENARIOS,
        waits::SCENARIOS,
    ]);
}

// SAFETY: the section holds functions that are called without arguments before `main`, and so may this one be.
#[used]
#[unsafe(link_section = ".init_array")]
static RUN_SCENARIO: extern "C" fn() = run_scenario;
