//! `show pools`: the memory pools.

use crate::value::unsigned;

/// Why the pools could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PoolsError {
    /// The first line is not the one that HAProxy begins with.
    #[error("the list of memory pools does not start with `Dumping pools usage`: `{line}`")]
    NotPools {
        /// The start of the first line.
        line: String,
    },
    /// The line `Total: …` is missing.
    #[error("the list of memory pools ends without a total")]
    Truncated,
    /// A pool without a name, a size or a count that belongs to every pool.
    #[error("a memory pool lacks its `{field}`: `{line}`")]
    MissingField {
        /// What is missing.
        field: &'static str,
        /// The start of the line.
        line: String,
    },
}

/// One pool: ` - Pool buffer (16384 bytes) : 10 allocated (163840 bytes), 10 used (~3 by thread caches), …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool<'a> {
    /// Its name, cut by HAProxy to 11 or 12 characters.
    pub name: &'a str,
    /// Bytes of one object.
    pub size: u64,
    /// Alignment of objects, in bytes; since 3.3.
    pub alignment: Option<u64>,
    /// Objects that are allocated.
    pub allocated: u64,
    /// Their bytes.
    pub allocated_bytes: u64,
    /// Objects that are in use, those in the caches of threads included.
    pub used: u64,
    /// About how many of those are in the caches of threads.
    pub cached: Option<u64>,
    /// How many objects were needed at once, as an average.
    pub needed_avg: Option<u64>,
    /// Allocations that failed since the process started.
    pub failures: u64,
    /// Kinds of objects that share the pool.
    pub users: Option<u64>,
    /// Whether the pool is shared.
    pub shared: bool,
    /// What else the line says, such as the pool's address.
    pub more: Vec<&'a str>,
}

/// Reads a whole reply, in HAProxy's order. Details of a pool (`      >  …`) are left out.
pub fn read(reply: &[u8]) -> Result<Vec<Pool<'_>>, PoolsError> {
    let mut lines = reply
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    if !first.starts_with(b"Dumping pools usage") {
        return Err(PoolsError::NotPools {
            line: crate::excerpt(first),
        });
    }
    let mut pools = Vec::new();
    for line in lines {
        if line.starts_with(b"Total: ") {
            return Ok(pools);
        }
        if let Some(rest) = line.strip_prefix(b"  - Pool ") {
            pools.push(pool(rest).map_err(|field| PoolsError::MissingField {
                field,
                line: crate::excerpt(line),
            })?);
        }
    }
    Err(PoolsError::Truncated)
}

fn pool(line: &[u8]) -> Result<Pool<'_>, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "name")?;
    let (name, rest) = line.split_once(" (").ok_or("name")?;
    let (size, rest) = rest.split_once(") : ").ok_or("size")?;
    let (size, alignment) = match size.split_once(" bytes/") {
        Some((size, alignment)) => (size, number(alignment)),
        None => (size.strip_suffix(" bytes").unwrap_or(size), None),
    };
    let mut pool = Pool {
        name,
        size: number(size).ok_or("size")?,
        alignment,
        allocated: 0,
        allocated_bytes: 0,
        used: 0,
        cached: None,
        needed_avg: None,
        failures: 0,
        users: None,
        shared: false,
        more: Vec::new(),
    };
    let (mut allocated, mut used, mut failures) = (None, None, None);
    for part in rest.split(", ") {
        // `4 allocated (96 bytes)`: a count, what it counts, and a remark
        let (part, remark) = match part.split_once(" (") {
            Some((part, remark)) => (part, remark.strip_suffix(')').unwrap_or(remark)),
            None => (part, ""),
        };
        match part.split_once(' ') {
            Some((count, "allocated")) => {
                let bytes = remark.strip_suffix(" bytes").and_then(number);
                allocated = number(count).zip(bytes);
            }
            Some((count, "used")) => {
                used = number(count);
                pool.cached = remark
                    .strip_prefix('~')
                    .and_then(|remark| remark.split(' ').next())
                    .and_then(number);
            }
            Some((count, "failures")) => failures = number(count),
            Some((count, "users")) => pool.users = number(count),
            Some(("needed_avg", count)) => pool.needed_avg = number(count),
            Some((address, "[SHARED]")) => {
                pool.shared = true;
                pool.more.push(address);
            }
            _ => pool.more.push(part),
        }
    }
    (pool.allocated, pool.allocated_bytes) = allocated.ok_or("allocated")?;
    pool.used = used.ok_or("used")?;
    pool.failures = failures.ok_or("failures")?;
    Ok(pool)
}

fn number(text: &str) -> Option<u64> {
    unsigned(text.as_bytes())
}
