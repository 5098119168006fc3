//! The first serial port: the kernel's console.
//!
//! Bytes go out in the order in which the lock is taken. The lock is held with interrupts off, so that a CPU never waits for itself.

use core::sync::atomic::{AtomicBool, Ordering};
use spin::Mutex;
use uart_16550::backend::PioBackend;
use uart_16550::{Config, Uart16550};
use x86_64::instructions::interrupts;

const COM1: u16 = 0x3f8;

/// How often a panicking CPU tries for the lock before it breaks it.
const PATIENCE: u32 = 1_000_000;

/// How often a full transmitter is asked before the byte is given up.
const TRANSMIT_TRIES: u32 = 1_000_000;

/// The console: a UART, if one answers, and where the cursor is.
pub(crate) struct Console {
    uart: Option<Uart16550<PioBackend>>,
    at_line_start: bool,
}

static CONSOLE: Mutex<Console> = Mutex::new(Console {
    uart: None,
    at_line_start: true,
});
static PANICKING: AtomicBool = AtomicBool::new(false);

impl Console {
    /// Writes bytes as they are. What a missing or stuck UART does not take is lost.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let (Some(uart), Some(last)) = (&mut self.uart, bytes.last()) else {
            return;
        };
        self.at_line_start = *last == b'\n';
        let mut rest = bytes;
        let mut tries = TRANSMIT_TRIES;
        while !rest.is_empty() && tries > 0 {
            let sent = uart.send_bytes(rest);
            rest = &rest[sent..];
            if sent == 0 {
                tries -= 1;
                core::hint::spin_loop();
            }
        }
    }

    /// Begins a line of the kernel's own, even where a program has not finished its line.
    pub(crate) fn start_line(&mut self) {
        if !self.at_line_start {
            self.write(b"\n");
        }
    }

    fn read(&mut self) -> Option<u8> {
        self.uart.as_mut()?.try_receive_byte().ok()
    }
}

impl core::fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.write(text.as_bytes());
        Ok(())
    }
}

/// Sets the port up. Boot CPU, once, before anything is printed.
pub(crate) fn init() {
    // SAFETY: COM1 belongs to the kernel, and only `CONSOLE` holds the driver.
    let Ok(mut uart) = (unsafe { Uart16550::new_port(COM1) }) else {
        return;
    };
    if uart
        .init(Config {
            baud_rate: uart_16550::BaudRate::Baud115200,
            ..Config::DEFAULT
        })
        .is_ok()
    {
        CONSOLE.lock().uart = Some(uart);
    }
}

/// Lends the console to `work`. Any CPU, any interrupt state.
pub(crate) fn with<R>(work: impl FnOnce(&mut Console) -> R) -> R {
    interrupts::without_interrupts(|| {
        if PANICKING.load(Ordering::Relaxed) {
            wait_or_break_lock();
        }
        work(&mut CONSOLE.lock())
    })
}

/// Writes a program's bytes. Any CPU.
pub(crate) fn console_write(bytes: &[u8]) {
    with(|console| console.write(bytes));
}

/// The next byte that was typed, if any. Any CPU.
pub(crate) fn console_read() -> Option<u8> {
    with(Console::read)
}

/// From now on the console's lock is broken when it is not let go of: its holder may be what panicked.
pub(crate) fn note_panic() {
    PANICKING.store(true, Ordering::Relaxed);
}

fn wait_or_break_lock() {
    for _ in 0..PATIENCE {
        if !CONSOLE.is_locked() {
            return;
        }
        core::hint::spin_loop();
    }
    // SAFETY: the holder is dead or stuck. If it is only slow, lines mix, which a panic accepts.
    unsafe { CONSOLE.force_unlock() };
}
