//! `cargo lockhound show-env`.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use anyhow::Context;

use super::activation::{Activation, Purpose};
use super::args::ShowEnvArgs;
use super::environment::{assignment, variables};
use super::nothing;
use super::store::Store;
use super::workspace::Workspace;
use crate::console;
use crate::exit_code::ExitCode;

/// Prints the variables; on stderr, with what features the recorded programs have to be built.
pub(super) fn run(args: &ShowEnvArgs) -> anyhow::Result<ExitCode> {
    let selection = args.workspace.selection();
    let workspace = Workspace::of(&selection)?;
    let selected = workspace.metadata().workspace_packages();
    match Activation::of(workspace.metadata(), &selected, Purpose::Test) {
        Ok(activation) => console::note(&format!("build with `--features {}`", activation.features.join(","))),
        Err(off) => console::error(&nothing::reason(Err(&off), &selected)),
    }
    let run = Store::under(workspace.target()).later();
    let prefix = if args.export_prefix { "export " } else { "" };
    let mut out = io::stdout().lock();
    for (name, value) in variables(run.folder(), Purpose::Test) {
        let line = assignment(prefix, name, &value);
        out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).context(console::NO_STDOUT)?;
    }
    Ok(ExitCode::Clean)
}
