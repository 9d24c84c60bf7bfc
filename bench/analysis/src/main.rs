//! How long `lockhound check` takes on generated traces, and how much memory: the whole command, in a process of its own.

mod command;
mod generate;
mod rows;
mod table;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;

use crate::command::{CHILD, Measured};
use crate::generate::Size;
use crate::rows::ROWS;

/// Measures `lockhound check` on generated traces.
#[derive(Parser, Debug)]
struct Args {
    /// Traces, as EVENTS/THREADS of mutexes and variables or EVENTS/THREADS/mixed of every kind; events may end in k or M
    #[arg(long, value_delimiter = ',', default_value = "100k/8,1M/16,1M/64,10M/16,1M/16/mixed")]
    sizes: Vec<Size>,
    /// Only rows whose name contains the text (may be repeated)
    #[arg(long = "row", value_name = "TEXT")]
    rows: Vec<String>,
    /// Only the binary form
    #[arg(long)]
    binary_only: bool,
    /// How often each row is measured; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds after which a run is given up
    #[arg(long, default_value_t = 120)]
    timeout: u64,
    /// Where traces are written, and kept for the next run
    #[arg(long, value_name = "FOLDER", default_value = "target/traces")]
    dir: PathBuf,
    /// Only write the traces
    #[arg(long)]
    generate_only: bool,
}

fn main() -> anyhow::Result<()> {
    // The measured process: `lockhound` itself, under another name.
    if std::env::var_os(CHILD).is_some() {
        std::process::exit(command::be_lockhound());
    }
    run(&Args::parse())
}

fn run(args: &Args) -> anyhow::Result<()> {
    std::fs::create_dir_all(&args.dir).with_context(|| args.dir.display().to_string())?;
    let mut table = table::Table::default();
    for &size in &args.sizes {
        let traces = generate::traces(&args.dir, size)?;
        if args.generate_only {
            continue;
        }
        let std = traces.std.as_ref().filter(|_| !args.binary_only);
        for (form, path) in [("binary", &traces.binary)].into_iter().chain(std.map(|path| ("STD", path))) {
            for row in ROWS.iter().filter(|row| row.is_wanted(&args.rows)) {
                let measured = Measured::median(row, path, args.rounds, args.timeout)?;
                table.add(size, form, row, &measured);
            }
        }
    }
    print!("{table}");
    Ok(())
}
