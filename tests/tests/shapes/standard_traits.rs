//! Methods of the standard library's traits are retried.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use recovery_core::retry;

use crate::{Flaky, lost};

#[derive(Default)]
struct Device {
    flaky: Flaky,
    written: Vec<u8>,
}

impl Read for Device {
    #[retry(initial = 1ns)]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.flaky.call()?;
        (&*self.written).read(buffer)
    }
}

impl Write for Device {
    #[retry(initial = 1ns)]
    fn write(&mut self, mut bytes: &[u8]) -> io::Result<usize> {
        bytes = &bytes[..1];
        self.flaky.call()?;
        self.written.write(bytes)
    }

    #[retry(initial = 1ns)]
    fn flush(&mut self) -> io::Result<()> {
        self.flaky.call().map(drop)
    }
}

impl fmt::Display for Device {
    #[retry(initial = 1ns, when = |_| true)]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flaky.call().map_err(|_| fmt::Error)?;
        f.write_str("device")
    }
}

impl TryFrom<&Flaky> for Device {
    type Error = io::Error;

    #[retry(initial = 1ns)]
    fn try_from(flaky: &Flaky) -> Result<Self, Self::Error> {
        flaky.call()?;
        Ok(Self::default())
    }
}

thread_local!(static PARSED: Flaky = const { Flaky::new() });

impl FromStr for Device {
    type Err = io::Error;

    #[retry(initial = 1ns)]
    fn from_str(word: &str) -> io::Result<Self> {
        if word.is_empty() {
            return Err(lost());
        }
        PARSED.with(Flaky::call)?;
        Ok(Self::default())
    }
}

#[test]
fn reading_and_writing_are_retried() {
    let mut device = Device::default();
    assert_eq!(device.write(b"ab").unwrap(), 1);
    assert_eq!(device.flaky.calls(), 3);
    device.flush().unwrap();
    assert_eq!(device.flaky.calls(), 3);
    let mut buffer = [0; 4];
    assert_eq!(device.read(&mut buffer).unwrap(), 1);
    assert_eq!((device.flaky.calls(), buffer), (3, [b'a', 0, 0, 0]));
}

#[test]
fn displaying_is_retried() {
    let device = Device::default();
    assert_eq!(device.to_string(), "device");
    assert_eq!(device.flaky.calls(), 3);
}

#[test]
fn converting_is_retried() {
    let flaky = Flaky::new();
    Device::try_from(&flaky).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(flaky.calls(), 3);
    let device: Result<Device, _> = "a".parse();
    assert!(device.is_ok());
    assert_eq!(PARSED.with(Flaky::calls), 3);
    assert!("".parse::<Device>().is_err());
}
