//! Who is measured.

/// A way to build and run a worker.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The column's head, and what it is called on the command line.
    pub(crate) name: &'static str,
    /// What it is, in a line.
    pub(crate) title: &'static str,
    /// The package of its worker.
    pub(crate) package: &'static str,
    /// How it is built and run.
    pub(crate) variant: Variant,
    /// Whether it writes a log or predicts what did not happen, as Lockhound does, and not only reports a deadlock that is
    /// there.
    pub(crate) foresees: bool,
}

/// What distinguishes peers of one package.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Variant {
    /// Nothing.
    Plain,
    /// It records a trace.
    Recording,
    /// It writes a log of its own format.
    Logging,
    /// It is compiled with ThreadSanitizer.
    Sanitized,
}

impl Peer {
    /// Whether it is what all are compared with.
    pub(crate) fn is_baseline(&self) -> bool {
        self.name == PEERS[0].name
    }
}

/// The name of the peer that records.
pub(crate) const RECORDING: &str = "lockhound";
/// The name of the peer that could record and does not.
pub(crate) const IDLE: &str = "lockhound-idle";

/// Everybody; the baseline first.
pub(crate) const PEERS: &[Peer] = &[
    Peer { name: "std", title: "the standard library", package: "bench-std", variant: Variant::Plain, foresees: false },
    Peer {
        name: "std-again",
        title: "the standard library once more: as far as it is not 1.00 times std, ratios are noise",
        package: "bench-std",
        variant: Variant::Plain,
        foresees: false,
    },
    Peer {
        name: RECORDING,
        title: "Lockhound with the feature `record`, recording to a file",
        package: "bench-lockhound",
        variant: Variant::Recording,
        foresees: true,
    },
    Peer {
        name: IDLE,
        title: "Lockhound with the feature `record`, LOCKHOUND_TRACE unset",
        package: "bench-lockhound",
        variant: Variant::Plain,
        foresees: false,
    },
    Peer {
        name: "tracing-mutex",
        title: "tracing-mutex, its types for std, with backtraces (its default)",
        package: "bench-tracing-mutex",
        variant: Variant::Plain,
        foresees: true,
    },
    Peer {
        name: "deloxide-log",
        title: "Deloxide with the feature `logging-and-visualization`, logging to a file",
        package: "bench-deloxide-log",
        variant: Variant::Logging,
        foresees: true,
    },
    Peer {
        name: "deloxide-order",
        title: "Deloxide with the feature `lock-order-graph`",
        package: "bench-deloxide-order",
        variant: Variant::Plain,
        foresees: true,
    },
    Peer {
        name: "std-tsan",
        title: "std under ThreadSanitizer",
        package: "bench-std",
        variant: Variant::Sanitized,
        foresees: true,
    },
    Peer {
        name: "parking_lot",
        title: "parking_lot",
        package: "bench-parking_lot",
        variant: Variant::Plain,
        foresees: false,
    },
    Peer {
        name: "parking_lot-deadlock",
        title: "parking_lot with the feature `deadlock_detection`",
        package: "bench-parking_lot-deadlock",
        variant: Variant::Plain,
        foresees: false,
    },
    Peer {
        name: "no_deadlocks",
        title: "no_deadlocks",
        package: "bench-no_deadlocks",
        variant: Variant::Plain,
        foresees: false,
    },
];
