//! Pipes, sockets and event counters: what one reads from and writes to.

use crate::link::Link;
use anyhow::{Context, Result, ensure};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::{AsFd, OwnedFd};

/// A descriptor to read from and one to write to.
pub(crate) struct Descriptors<From, To> {
    pub(crate) from: From,
    pub(crate) to: To,
}

impl<From: AsFd, To: AsFd> Link for Descriptors<From, To> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        let count = write(&self.to, message).context("a message cannot be sent")?;
        ensure!(count == message.len(), "only {count} bytes could be sent");
        Ok(())
    }

    fn receive(&mut self, message: &mut [u8]) -> Result<()> {
        let wanted = message.len();
        let count = read(&self.from, message).context("a message cannot be received")?;
        ensure!(count == wanted, "{count} bytes came instead of {wanted}");
        Ok(())
    }
}

/// Both ends of a connection.
pub(crate) type Ends = (Descriptors<OwnedFd, OwnedFd>, Descriptors<OwnedFd, OwnedFd>);

/// A pipe for each direction.
pub(crate) fn pipes() -> Result<Ends> {
    let pipe = || pipe_with(PipeFlags::CLOEXEC).context("no pipe");
    Ok(crossed(pipe()?, pipe()?))
}

/// A pair of Unix sockets that keep messages apart.
pub(crate) fn sockets() -> Result<Ends> {
    let flags = SocketFlags::CLOEXEC;
    let (here, there) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
        .context("no pair of sockets")?;
    let (here_too, there_too) = (here.try_clone()?, there.try_clone()?);
    Ok((
        Descriptors {
            from: here,
            to: here_too,
        },
        Descriptors {
            from: there,
            to: there_too,
        },
    ))
}

/// An event counter for each direction.
pub(crate) fn counters() -> Result<Ends> {
    let counter = || -> Result<(OwnedFd, OwnedFd)> {
        let counter = eventfd(0, EventfdFlags::CLOEXEC).context("no event counter")?;
        Ok((counter.try_clone()?, counter))
    };
    Ok(crossed(counter()?, counter()?))
}

/// Two ways, each with its end to read from and its end to write to, as a way there and one back.
fn crossed(there: (OwnedFd, OwnedFd), back: (OwnedFd, OwnedFd)) -> Ends {
    let here = Descriptors {
        from: back.0,
        to: there.1,
    };
    let partner = Descriptors {
        from: there.0,
        to: back.1,
    };
    (here, partner)
}
