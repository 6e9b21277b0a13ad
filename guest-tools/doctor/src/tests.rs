//! Facts as they were recorded, and what follows from them.
