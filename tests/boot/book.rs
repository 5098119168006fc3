//! BOOT0601: sigma0 prints what it is asked and its book, for who may have that.

use crate::built::{Built, fail};
use libtest_mimic::{Failed, Trial};
use pecan_vm::{End, Exit, Machine, payload};
use std::sync::Arc;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let built = built.clone();
    vec![Trial::test("book::BOOT0601", move || is_printed(&built))]
}

/// The example asks twice while sigma0 is told to print that, then for the book, which is printed before it goes on.
fn is_printed(built: &Built) -> Result<(), Failed> {
    let image = payload::pack(&built.program("sigma0")?, &built.example("memory")?, &[])?;
    let story = built.boot(&Machine::new(1), Some(&image), "")?;
    let position = |text: &str| story.lines.iter().position(|line| line.contains(text));
    let count = |text: &str| {
        story
            .lines
            .iter()
            .filter(|line| line.contains(text))
            .count()
    };
    let in_order = [" entries", "Undefined owner 0", "the book is printed"].map(position);
    let printed = in_order.is_sorted() && in_order[0].is_some();
    let requests = count("asks Memory");
    let reserved = count("Reserved owner 0");
    match story.end {
        End::Exit(Exit::Success) if printed && requests == 2 && reserved > 2 => Ok(()),
        _ => Err(fail("the book and the requests are not printed", &story)),
    }
}
