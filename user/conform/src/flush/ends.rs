//! A space ends, and what others got of it is gone everywhere.

use l4::Rights;

use super::readers::Readers;
use super::readers::own;
use crate::harness::{Outcome, equal, raw, worker};
use crate::map::agent::{self, MAP, PLACE, give, item};

/// The space that the readers' pages come from ends.
pub(super) fn giver_ends() -> Outcome {
    let mut readers = Readers::start()?;
    for _ in 0..10 {
        readers.stop_pager();
        let giver = agent::start(worker::away())?;
        give(giver, item(MAP, PLACE, own(Rights::READ_WRITE)))?;
        let page = l4::Fpage::new(PLACE, 16, Rights::READ_WRITE);
        giver.give(readers.agent, item(MAP, PLACE, page))?;
        readers.read(2)?;
        equal("deletion", raw::delete(giver.0), raw::DONE)?;
        readers.have_lost(false)?;
    }
    Ok(())
}
