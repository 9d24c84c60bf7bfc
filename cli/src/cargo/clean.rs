//! `cargo lockhound clean`.

use super::args::WorkspaceArgs;
use super::store::Store;
use super::workspace::Workspace;
use crate::exit_code::ExitCode;

pub(super) fn run(args: &WorkspaceArgs) -> anyhow::Result<ExitCode> {
    Store::under(Workspace::of(&args.selection())?.target()).remove()?;
    Ok(ExitCode::Clean)
}
