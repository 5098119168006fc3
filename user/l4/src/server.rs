//! The loop of every server: receive, handle, answer and receive again.

use pecan_abi::error::Phase;

use crate::ipc::{self, Received};
use crate::message::Message;

/// Serves for ever. `handler` gets each request and returns the answer, or `None` to leave the
/// sender without one (it keeps waiting; the handler may answer it later with [`ipc::send_within`]).
///
/// A client that does not wait for its answer loses it; the server goes on.
///
/// ```no_run
/// use l4::{Message, server};
/// server::serve(|request| Some(Message::new(0).words(request.message.untyped())));
/// ```
pub fn serve(mut handler: impl FnMut(&Received) -> Option<Message>) -> ! {
    loop {
        let mut next = ipc::wait();
        while let Ok(request) = next {
            next = match handler(&request) {
                Some(answer) => answer_and_wait(&request, &answer),
                None => ipc::wait(),
            };
        }
    }
}

/// One step; an undeliverable answer is dropped.
fn answer_and_wait(
    request: &Received,
    answer: &Message,
) -> Result<Received, pecan_abi::error::IpcError> {
    match ipc::reply_wait(request.from, answer) {
        Err(error) if error.phase == Phase::Send => ipc::wait(),
        other => other,
    }
}
