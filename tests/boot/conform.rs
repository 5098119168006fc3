//! The conformance program on every machine shape: a trial for each permanent id.

use crate::built::Built;
use crate::trials::Trials;
use libtest_mimic::{Completion, Failed, Trial};
use pecan_tests::{Conform, Id, Shape, all, permanent};
use std::sync::{Arc, OnceLock};

type Shared = Arc<OnceLock<Result<Conform, String>>>;

pub(crate) fn trials(built: &Arc<Built>) -> Trials {
    let permanent = permanent();
    let mut runs = Vec::new();
    let mut tests = Vec::new();
    for shape in all() {
        let ids: Vec<Id> = permanent
            .iter()
            .filter(|id| shape.runs(id))
            .cloned()
            .collect();
        let ids = Arc::new(ids);
        let shape = Arc::new(shape);
        let shared = Shared::default();
        let name = |id: &str| format!("{}::{id}", shape.name);
        runs.push(whole(
            name("plan"),
            built.clone(),
            shape.clone(),
            shared.clone(),
            ids.clone(),
        ));
        for id in ids.iter() {
            tests.push(single(
                name(&id.name),
                built.clone(),
                shape.clone(),
                shared.clone(),
                id.clone(),
            ));
        }
    }
    Trials {
        runs,
        readers: tests,
    }
}

fn whole(
    name: String,
    built: Arc<Built>,
    shape: Arc<Shape>,
    shared: Shared,
    ids: Arc<Vec<Id>>,
) -> Trial {
    Trial::ignorable_test(name, move || {
        if let Some(why) = shape.missing(&built.qemu) {
            return Ok(Completion::ignored_with(why));
        }
        run(&built, &shape, &shared)?.judge_whole(&ids)?;
        Ok(Completion::Completed)
    })
}

fn single(name: String, built: Arc<Built>, shape: Arc<Shape>, shared: Shared, id: Id) -> Trial {
    Trial::ignorable_test(name, move || {
        if let Some(why) = shape.missing(&built.qemu) {
            return Ok(Completion::ignored_with(why));
        }
        Ok(match run(&built, &shape, &shared)?.judge(&id)? {
            Some(why) => Completion::ignored_with(why),
            None => Completion::Completed,
        })
    })
}

/// The run of a shape: the first who asks boots it.
fn run<'a>(built: &Built, shape: &Shape, shared: &'a Shared) -> Result<&'a Conform, Failed> {
    let boot = || -> Result<Conform, Failed> {
        let image = built.image("conform")?;
        let story = if shape.debug {
            built.boot_debug(&shape.machine, &image, &shape.line())?
        } else {
            built.boot(&shape.machine, Some(&image), &shape.line())?
        };
        Ok(Conform::read(shape.machine.cpus, story))
    };
    let run = shared.get_or_init(|| {
        boot().map_err(|failed| failed.message().unwrap_or("no reason").to_owned())
    });
    run.as_ref().map_err(|why| why.as_str().into())
}
