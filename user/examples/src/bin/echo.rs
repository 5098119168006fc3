//! A server that sends back what it gets, and a client that checks it: two spaces, two CPUs if there
//! are two, messages of every length.
#![no_std]
#![no_main]

use l4::{IpcError, Message, Stack, ThreadId, ipc, kip, println, server, thread};

l4::program!(main);

static SERVER_STACK: Stack<16384> = Stack::new();
static CLIENT_STACK: Stack<16384> = Stack::new();

const LONGEST: u64 = 63;

fn main() -> ! {
    let ok = match run() {
        Ok(right) => {
            println!(
                "[echo] {right} of {} messages came back unchanged",
                LONGEST + 1
            );
            right == LONGEST + 1
        }
        Err(error) => {
            println!("[echo] {error:?}");
            false
        }
    };
    l4::exit::report(ok)
}

/// Starts both and waits for the client's result: how many answers were right.
fn run() -> Result<u64, thread::StartError> {
    let server = thread::Builder::new().new_space().cpu(kip::cpus() - 1);
    let server = server.start(echo, 0, &SERVER_STACK)?;
    let client = thread::Builder::new().new_space();
    let client = client.start(client_main, server.raw(), &CLIENT_STACK)?;
    println!(
        "[echo] server {:x}, client {:x}",
        server.raw(),
        client.raw()
    );
    let result = ipc::receive(client).map_err(thread::StartError::NotStarted)?;
    Ok(result.message.word_at(0))
}

fn echo(_: u64) {
    server::serve(|request| {
        let message = &request.message;
        Some(Message::new(message.label()).words(message.untyped()))
    })
}

fn client_main(server: u64) {
    let server = ThreadId::from_raw(server);
    let right = (0..=LONGEST)
        .filter(|length| comes_back(server, *length) == Ok(true))
        .count();
    if let Err(error) = ipc::send(kip::root(), &Message::new(0).word(right as u64)) {
        println!("[echo] the client cannot report: {error:?}");
    }
}

/// Sends `length` words and compares the answer, words and label.
fn comes_back(server: ThreadId, length: u64) -> Result<bool, IpcError> {
    let question = (0..length).fold(Message::new(length), |message, index| {
        message.word(index * 0x0101_0101_0101_0101 + length)
    });
    let answer = ipc::call(server, &question)?.message;
    Ok(answer.label() == length && answer.untyped() == question.untyped())
}
