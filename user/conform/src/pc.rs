//! ProcessorControl.

use l4::kip;

use crate::harness::raw::{DONE, Verdict, processor_control, refused};
use crate::harness::{Outcome, Test, equal, worker};

pub(crate) const TESTS: &[Test] = &[
    Test::new("PC0001", needs_privilege),
    Test::new("PC0002", processor_must_exist),
    Test::new("PC0003", what_cannot_be_set),
    Test::new("PC0004", what_stays),
];

const NOTHING: [u64; 3] = [0; 3];

/// Privilege is checked first.
fn needs_privilege() -> Outcome {
    for processor in [0, u64::MAX] {
        let call = |processor| processor_control(processor, NOTHING).pack();
        let got = worker::perform(worker::away(), call, processor)?;
        equal("verdict", Verdict::unpack(got), refused(1))?;
    }
    Ok(())
}

fn processor_must_exist() -> Outcome {
    let cpus = kip::cpus() as u64;
    for processor in [cpus, cpus + 1, 0xFFFF, 1 << 32, u64::MAX] {
        equal("verdict", processor_control(processor, NOTHING), refused(5))?;
    }
    Ok(())
}

/// The frequencies of a processor, as the kernel-interface page tells them.
fn frequencies(processor: u64) -> [u64; 2] {
    let descriptor = kip::processor(processor as usize);
    descriptor.map_or([0; 2], |found| [found.internal_khz, found.external_khz])
}

/// Another frequency, or any voltage.
fn what_cannot_be_set() -> Outcome {
    for processor in 0..kip::cpus() as u64 {
        let [internal, external] = frequencies(processor);
        for values in [
            [internal + 1, 0, 0],
            [internal / 2, external, 0],
            [0, external + 1, 0],
            [internal, 1, 0],
            [0, 0, 1],
            [internal, external, u64::MAX],
        ] {
            equal("verdict", processor_control(processor, values), refused(5))?;
        }
    }
    Ok(())
}

/// Nothing at all, or what is so already.
fn what_stays() -> Outcome {
    for processor in 0..kip::cpus() as u64 {
        let [internal, external] = frequencies(processor);
        for values in [
            NOTHING,
            [internal, 0, 0],
            [0, external, 0],
            [internal, external, 0],
        ] {
            equal("verdict", processor_control(processor, values), DONE)?;
        }
    }
    Ok(())
}
