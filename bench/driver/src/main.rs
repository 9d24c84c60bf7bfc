//! Measures what Lockhound costs, and what its peers cost, in one run. See `bench/README.md`.

mod args;
mod build;
mod goals;
mod merge;
mod peer;
mod report;
mod rounds;
mod statistics;
mod table;
mod text;
mod traces;
mod worker;

use std::fs;

use anyhow::Context as _;
use clap::Parser as _;

use crate::args::Args;
use crate::report::Report;
use crate::traces::Folder;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if args.list {
        print!("{}", text::Catalogue);
        return Ok(());
    }
    let folder = Folder::create(args.dir.as_deref())?;
    let (rows, peers) = (args.rows()?, args.peers()?);
    let built = build::all(&peers)?;
    let measured = rounds::measure(&rows, &built, &args, &folder)?;
    let merge = (!args.no_merge).then(|| merge::measure(&built, &folder, args.merge_events)).transpose()?.flatten();
    let report = Report::new(&args, &rows, &built, &measured, merge);
    print!("{}", text::Tables(&report));
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&report)? + "\n";
        fs::write(path, text).with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(())
}
