//! `lockhound man`: the manual pages.

use std::fs;

use anyhow::Context;
use clap::CommandFactory;

use crate::args::{Cli, ManArgs};
use crate::console;
use crate::exit_code::ExitCode;

pub(crate) fn run(args: &ManArgs) -> anyhow::Result<ExitCode> {
    let command = Cli::command();
    match &args.folder {
        Some(folder) => {
            let named = || format!("{}: could not write", folder.display());
            fs::create_dir_all(folder).with_context(named)?;
            clap_mangen::generate_to(command, folder).with_context(named)?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            console::print(&String::from_utf8(page)?)?;
        }
    }
    Ok(ExitCode::Clean)
}
