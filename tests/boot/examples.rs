//! Each example runs to a successful end.

use crate::built::{Built, fail};
use libtest_mimic::{Failed, Trial};
use pecan_vm::{End, Exit, Machine, payload, programs};
use std::sync::Arc;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let trial = |name: String| {
        let built = built.clone();
        Trial::test(format!("example::{name}"), move || succeeds(&built, &name))
    };
    match programs::examples(&built.workspace) {
        Ok(names) if !names.is_empty() => names.into_iter().map(trial).collect(),
        Ok(_) => vec![Trial::test("example::any", || {
            Err("there is no example".into())
        })],
        Err(error) => vec![Trial::test("example::any", move || {
            Err(format!("{error:#}").into())
        })],
    }
}

fn succeeds(built: &Built, name: &str) -> Result<(), Failed> {
    let image = payload::pack(&built.program("sigma0")?, &built.example(name)?, &[])?;
    let story = built.boot(&Machine::new(2), Some(&image), "")?;
    if story.end == End::Exit(Exit::Success) {
        Ok(())
    } else {
        Err(fail("the example did not end with success", &story))
    }
}
