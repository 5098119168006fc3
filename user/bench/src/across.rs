//! What is done to threads across CPUs: their registers read, themselves moved.

use l4::{schedule, thread, utcb};

use crate::hot;
use crate::measure::{Effort, Failure, MOST, Measured, sample};
use crate::partner::{self, OTHER_CPU};

/// ExchangeRegisters that changes nothing, on a thread of another CPU.
pub(crate) fn registers(
    effort: Effort,
    samples: &mut [u64; MOST],
) -> Result<(usize, Measured), Failure> {
    let sleeper = partner::sleeper().map_err(Failure::Start)?;
    let measured = sample(samples, effort.singles.min(400), 1, |_| {
        let before = hot::open();
        let registers = thread::registers(sleeper);
        let ticks = hot::close() - before;
        registers.map_or_else(|error| Err(Failure::Refused(error)), |_| Ok(ticks))
    })?;
    partner::stop(sleeper).map_err(Failure::Refused)?;
    Ok(measured)
}

/// This thread moves itself to another CPU and back; a sample is half of that.
pub(crate) fn moves(
    effort: Effort,
    samples: &mut [u64; MOST],
) -> Result<(usize, Measured), Failure> {
    let home = utcb::my().processor();
    sample(samples, effort.singles.min(400), 2, |_| {
        let before = hot::open();
        go_to(OTHER_CPU)?;
        go_to(home)?;
        Ok(hot::close() - before)
    })
}

fn go_to(cpu: usize) -> Result<(), Failure> {
    schedule::set_cpu(thread::myself(), cpu).map_err(Failure::Refused)?;
    match utcb::my().processor() {
        here if here == cpu => Ok(()),
        here => Err(Failure::NotMoved(here)),
    }
}
