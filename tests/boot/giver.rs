//! BOOT05xx: a sigma0 that is not ours, built for another address, and what our programs do with it.

use crate::built::{Built, fail};
use libtest_mimic::{Failed, Trial};
use pecan_vm::{End, Exit, Machine, Story, payload, programs};
use std::path::PathBuf;
use std::sync::Arc;

/// Features that live on what sigma0 gives, and do not ask whose it is.
const FEATURES: &str = "kmem=32 -- BI PF MAP NPF MC IRQ";

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (id, cpus, memory_mib) in [("BOOT0501", 1, 512), ("BOOT0502", 2, 3072)] {
        let built = built.clone();
        let machine = Machine {
            memory_mib,
            ..Machine::new(cpus)
        };
        trials.push(Trial::test(format!("giver::{id}"), move || {
            serves(&built, &machine)
        }));
    }
    let other = built.clone();
    trials.push(Trial::test("giver::BOOT0503", move || examples(&other)));
    trials
}

fn boot(built: &Built, machine: &Machine, root: PathBuf, line: &str) -> Result<Story, Failed> {
    let image = payload::pack(&built.foreign("giver")?, &root, &[])?;
    built.boot(machine, Some(&image), line)
}

/// It sees all memory one to one, and the tests of what comes from sigma0 pass.
fn serves(built: &Built, machine: &Machine) -> Result<(), Failed> {
    let story = boot(built, machine, built.program("conform")?, FEATURES)?;
    let blocks = story.lines.iter().find_map(|line| {
        let rest = line.strip_prefix("[giver] ")?;
        rest.split(' ').next()?.parse::<u32>().ok()
    });
    // Blocks of 2 MiB; the first 64 MiB, the kernel's reserve and what was loaded are left out.
    let enough = blocks.is_some_and(|blocks| blocks > machine.memory_mib / 4);
    match story.end {
        End::Exit(Exit::Success) if enough => Ok(()),
        _ => Err(fail("the programs do not get what they need", &story)),
    }
}

/// Every example runs on it, with ports, devices and interrupts, but the one that is about our sigma0's book.
fn examples(built: &Built) -> Result<(), Failed> {
    let all = programs::examples(&built.workspace)?;
    for name in all.into_iter().filter(|name| name != "memory") {
        let story = boot(built, &Machine::new(2), built.example(&name)?, "")?;
        if story.end != End::Exit(Exit::Success) {
            return Err(fail(&format!("{name} did not end with success"), &story));
        }
    }
    Ok(())
}
