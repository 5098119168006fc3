//! A long message: a client sends 64 KiB to a server in another space, which answers with their
//! checksum. Then the same bytes again in pieces, which the server cannot tell.
#![no_std]
#![no_main]

use l4::string::{self, Buffers, LongMessage};
use l4::{IpcError, Message, Stack, ThreadId, println, thread};

l4::program!(main);

const SIZE: usize = 64 * 1024;

/// What the client sends.
static DATA: [u8; SIZE] = data();
/// The server's, with room for what it receives.
static STACK: Stack<{ SIZE + 16384 }> = Stack::new();

fn main() -> ! {
    let ok = match thread::Builder::new().new_space().start(serve, 0, &STACK) {
        Ok(server) => ask(server),
        Err(error) => {
            println!("[copy] no server: {error:?}");
            false
        }
    };
    l4::exit::report(ok)
}

/// Sends the bytes in one piece and in three, and compares the answers.
fn ask(server: ThreadId) -> bool {
    let expected = checksum(&DATA);
    let (head, rest) = DATA.split_at(1000);
    let (body, tail) = rest.split_at(33_333);
    let messages = [
        LongMessage::new(Message::new(0)).string(&DATA),
        LongMessage::new(Message::new(0)).gather(&[head, body, tail]),
    ];
    messages
        .iter()
        .all(|message| match question(server, message) {
            Ok((length, sum)) => {
                println!("[copy] {length} bytes with checksum {sum:#x}");
                (length, sum) == (SIZE as u64, expected)
            }
            Err(error) => {
                println!("[copy] {error:?}");
                false
            }
        })
}

/// The length and the checksum that the server has seen.
fn question(server: ThreadId, message: &LongMessage<'_>) -> Result<(u64, u64), IpcError> {
    let answer = string::call(server, message, Buffers::new())?.message;
    Ok((answer.word_at(0), answer.word_at(1)))
}

fn serve(_: u64) {
    let mut bytes = [0; SIZE];
    let mut next = string::receive(ThreadId::ANY, Buffers::new().buffer(&mut bytes));
    loop {
        next = match next {
            Ok(request) => {
                let length = request.message.string_lengths().next().unwrap_or(0);
                let sum = checksum(&bytes[..length as usize]);
                let answer = Message::new(0).words(&[length, sum]).into();
                let buffers = Buffers::new().buffer(&mut bytes);
                string::reply_wait(request.from, &answer, buffers)
            }
            // A client that sent too much or did not wait has its error; on with the next.
            Err(_) => string::receive(ThreadId::ANY, Buffers::new().buffer(&mut bytes)),
        }
    }
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3)
    })
}

const fn data() -> [u8; SIZE] {
    let mut data = [0; SIZE];
    let mut index = 0;
    while index < SIZE {
        data[index] = (index * index / 7 + index) as u8;
        index += 1;
    }
    data
}
