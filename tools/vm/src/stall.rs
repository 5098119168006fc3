//! A host that has other things to do: now and then the thread of one of a machine's processors stands still for a moment, as
//! if the host ran something else there. Whatever relies on how fast another processor is goes wrong then.

use anyhow::{Result, bail};
use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fmt;
use std::fs;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

/// How QEMU calls the threads that are processors.
const PROCESSOR: &str = "CPU ";

/// Seconds from one time to the next, and of most of them, on average.
const GAP: f64 = 0.1;
const SHORT: f64 = 0.04;
/// Seconds of the others, one in ten.
const LONG: std::ops::Range<f64> = 0.2..0.6;

/// What happened to all machines so far.
#[derive(Clone, Debug, Default)]
pub struct Stalls(Arc<Mutex<Tally>>);

#[derive(Debug, Default)]
struct Tally {
    times: u32,
    time: Duration,
    /// What the host said when it did not let us.
    refused: Option<Errno>,
}

/// A machine whose processors stand still. Dropping it ends that, and is due before anybody waits for the process.
#[derive(Debug)]
pub(crate) struct Stalling {
    /// Dropped at the end.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Stalls {
    /// Begins with the machine that this process plays.
    pub(crate) fn begin(&self, process: u32) -> Stalling {
        let (end, ends) = channel();
        let stalls = self.clone();
        Stalling {
            end: Some(end),
            thread: Some(spawn(move || stalls.go_on(process, &ends))),
        }
    }

    /// # Errors
    /// When the host let nothing stand still.
    pub fn check(&self) -> Result<()> {
        match *self.tally() {
            Tally {
                times: 0,
                refused: Some(why),
                ..
            } => bail!("no processor could be made to stand still: {why}"),
            _ => Ok(()),
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds one processor after the other until the end.
    fn go_on(&self, process: u32, ends: &Receiver<()>) {
        let mut random = fastrand::Rng::new();
        while !is_over(ends, about(GAP, &mut random)) {
            let threads = processors(process);
            let Some(thread) = random.choice(threads) else {
                continue;
            };
            let time = match random.u8(..10) {
                0 => Duration::from_secs_f64(LONG.start + random.f64() * (LONG.end - LONG.start)),
                _ => about(SHORT, &mut random),
            };
            let held = hold(thread, || {
                is_over(ends, time);
            });
            let mut tally = self.tally();
            match held {
                Ok(true) => {
                    tally.times += 1;
                    tally.time += time;
                }
                Err(why) if is_alive(process, thread) => tally.refused = Some(why),
                // It has ended, or just does.
                Ok(false) | Err(_) => {}
            }
        }
    }
}

impl fmt::Display for Stalls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = self.tally();
        let seconds = tally.time.as_secs_f64();
        write!(
            out,
            "processors stood still {} times, {seconds:.0} s in all",
            tally.times
        )
    }
}

impl Drop for Stalling {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, nothing is held any more.
            let _ = thread.join();
        }
    }
}

/// Waits; whether it is the end.
fn is_over(ends: &Receiver<()>, time: Duration) -> bool {
    ends.recv_timeout(time) != Err(RecvTimeoutError::Timeout)
}

/// A random time with this average, more often short than long.
fn about(seconds: f64, random: &mut fastrand::Rng) -> Duration {
    Duration::from_secs_f64(-seconds * (1.0 - random.f64()).ln())
}

/// The threads of a process that are processors; none when it has ended.
fn processors(process: u32) -> Vec<Pid> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    threads
        .filter_map(|thread| {
            let thread = thread.ok()?;
            let name = fs::read_to_string(thread.path().join("comm")).ok()?;
            let number = thread.file_name().to_str()?.parse().ok()?;
            name.starts_with(PROCESSOR).then(|| Pid::from_raw(number))
        })
        .collect()
}

/// Whether a thread of the process has not begun to end.
fn is_alive(process: u32, thread: Pid) -> bool {
    let state = |stat: String| stat.rsplit(") ").next()?.chars().next();
    fs::read_to_string(format!("/proc/{process}/task/{thread}/stat"))
        .ok()
        .and_then(state)
        .is_some_and(|state| !['Z', 'X'].contains(&state))
}

/// Stops `thread` until `wait` returns. False: it has ended.
fn hold(thread: Pid, wait: impl FnOnce()) -> nix::Result<bool> {
    let ended = |result: nix::Result<()>| match result {
        Err(Errno::ESRCH) => Ok(true),
        result => result.map(|()| false),
    };
    if ended(ptrace::seize(thread, ptrace::Options::empty()))? || ended(ptrace::interrupt(thread))?
    {
        return Ok(false);
    }
    let signal = match waitpid(thread, Some(WaitPidFlag::__WALL))? {
        WaitStatus::PtraceEvent(..) => None,
        // One was just coming.
        WaitStatus::Stopped(_, signal) => Some(signal),
        _ => return Ok(false),
    };
    wait();
    if ended(ptrace::detach(thread, signal))? {
        // It was ended meanwhile, and its process waits until that is known here.
        waitpid(thread, Some(WaitPidFlag::__WALL))?;
        return Ok(false);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{hold, is_alive};
    use nix::unistd::Pid;
    use std::process::{Child, Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    /// A process that runs for ever.
    fn busy() -> Child {
        let mut command = Command::new("yes");
        command.stdout(Stdio::null()).spawn().expect("it starts")
    }

    /// Ticks that a process has run.
    fn ran(process: u32) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
        let words: Vec<&str> = stat.split(' ').collect();
        words[13].parse::<u64>().expect("a number") + words[14].parse::<u64>().expect("a number")
    }

    fn until_it_runs(process: u32) {
        let (begin, then) = (Instant::now(), ran(process));
        while ran(process) == then {
            assert!(begin.elapsed() < Duration::from_secs(60), "it never runs");
            sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_held_thread_stands_still() {
        let mut child = busy();
        let process = child.id();
        until_it_runs(process);
        let held = hold(Pid::from_raw(process as i32), || {
            let then = ran(process);
            sleep(Duration::from_millis(300));
            assert_eq!(ran(process), then);
        });
        assert_eq!(held, Ok(true));
        assert!(is_alive(process, Pid::from_raw(process as i32)));
        until_it_runs(process);
        child.kill().expect("it runs");
        child.wait().expect("it has ended");
    }

    #[test]
    fn a_thread_that_ends_while_it_is_held() {
        let mut child = busy();
        let process = Pid::from_raw(child.id() as i32);
        assert_eq!(hold(process, || child.kill().expect("it runs")), Ok(false));
        assert_eq!(hold(process, || unreachable!("it has ended")), Ok(false));
        assert!(!is_alive(child.id(), process));
        // Whoever holds a process hears of its end instead of its parent.
        assert!(child.wait().is_err());
    }
}
