//! QEMU: the newest that this distribution has.

use super::action::{Action, is_root};
use super::apt::{Source, sources};
use super::release::Release;
use anyhow::{Result, anyhow, bail};
use pecan_vm::Qemu;
use std::fs;
use std::path::Path;

const SUITE: &str = "bookworm-backports";
const FILE: &str = "/etc/apt/sources.list.d/pecan-backports.sources";
const PLAIN: &str = "apt-get install -y --no-install-recommends qemu-system-x86";
const BACKPORTED: &str =
    "apt-get install -y -t bookworm-backports --no-install-recommends qemu-system-x86";
const TOO_OLD: &str = "its processors have no x2APIC, so that the xAPIC is used and x2APIC is not covered, \
                       nor is what a plugin counts; 9.1 or later has both: `cargo xtask setup` looks for it";

/// A QEMU that boots Pecan, installed if there is none.
pub(crate) fn any() -> Result<Qemu> {
    match Qemu::find() {
        Ok(qemu) => {
            tell_limits(&qemu);
            Ok(qemu)
        }
        Err(_) => install(),
    }
}

/// The same, but an old one is replaced where the distribution has a newer one.
pub(crate) fn newest() -> Result<Qemu> {
    match Qemu::find() {
        Ok(qemu) if qemu.has_x2apic() => Ok(qemu),
        Ok(old) => install().or_else(|error| {
            eprintln!("setup: QEMU {} stays: {error}", old.version());
            tell_limits(&old);
            Ok(old)
        }),
        Err(_) => install(),
    }
}

fn tell_limits(qemu: &Qemu) {
    if !qemu.has_x2apic() {
        eprintln!("QEMU {}: {TOO_OLD}", qemu.version());
    }
}

fn install() -> Result<Qemu> {
    let release = Release::read(&fs::read_to_string("/etc/os-release").unwrap_or_default());
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!(
            "QEMU 9.0 or later is needed: install `qemu-system-x86_64` with the package manager of {}",
            release.name
        );
    }
    let actions = plan(&release, &sources(Path::new("/etc/apt")));
    if !is_root() {
        let commands: Vec<String> = actions.iter().map(Action::to_string).collect();
        bail!(
            "QEMU has to be installed, which needs root. The commands:\n\n{}\n",
            commands.join("\n")
        );
    }
    if let Err(error) = carry_out(&actions) {
        if actions == plain() {
            return Err(error);
        }
        eprintln!("setup: {error}; taking the QEMU of {}", release.name);
        carry_out(&plain())?;
    }
    let qemu = Qemu::find().map_err(|error| anyhow!("QEMU was installed but {error}"))?;
    tell_limits(&qemu);
    Ok(qemu)
}

/// All or nothing as far as files go: a source that does not work would be in the way of every later `apt-get`.
fn carry_out(actions: &[Action]) -> Result<()> {
    for (index, action) in actions.iter().enumerate() {
        if let Err(error) = action.carry_out() {
            actions[..=index].iter().for_each(Action::undo);
            return Err(error);
        }
    }
    Ok(())
}

fn plain() -> Vec<Action> {
    vec![Action::run("apt-get update"), Action::run(PLAIN)]
}

/// What to do on this distribution with these apt sources.
fn plan(release: &Release, sources: &[Source]) -> Vec<Action> {
    if !release.needs_backports() {
        return plain();
    }
    let mut actions = vec![Action::run("apt-get update"), Action::run(BACKPORTED)];
    if !sources.iter().any(|source| source.offers(SUITE)) {
        match sources
            .iter()
            .find(|source| source.offers(&release.codename))
        {
            Some(mirror) => actions.insert(0, Action::Write(FILE.into(), mirror.with_suite(SUITE))),
            None => return plain(),
        }
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::{Action, Release, Source, plain, plan};

    fn source(suite: &str) -> Source {
        Source {
            uris: "http://mirror.example/debian".into(),
            suites: vec![suite.into()],
            components: vec!["main".into()],
            signed_by: Some("/key.gpg".into()),
            trusted: false,
        }
    }

    fn bookworm() -> Release {
        Release::read("ID=debian\nVERSION_CODENAME=bookworm\n")
    }

    #[test]
    fn debian_12_gets_the_suite_from_its_own_mirror() {
        let actions = plan(
            &bookworm(),
            &[source("bookworm-security"), source("bookworm")],
        );
        let Action::Write(_, text) = &actions[0] else {
            panic!("{actions:?}")
        };
        assert!(
            text.contains("URIs: http://mirror.example/debian\nSuites: bookworm-backports\n"),
            "{text}"
        );
        assert!(text.contains("Signed-By: /key.gpg"), "{text}");
        assert!(actions[2].to_string().contains("-t bookworm-backports"));
    }

    #[test]
    fn a_suite_that_is_there_is_not_added_again() {
        let actions = plan(
            &bookworm(),
            &[source("bookworm"), source("bookworm-backports")],
        );
        assert_eq!(actions.len(), 2);
    }

    #[test]
    fn everything_else_takes_its_own() {
        assert_eq!(
            plan(
                &Release::read("ID=ubuntu\nVERSION_CODENAME=noble\n"),
                &[source("noble")]
            ),
            plain()
        );
        assert_eq!(plan(&bookworm(), &[source("bookworm-security")]), plain());
    }
}
