//! The checks behind `npmfix knowledge check`.
