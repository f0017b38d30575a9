//! The search for the highest rate that a bot holds.

use super::book::Shown;

/// The rate at which the search begins, and where it gives up.
const FIRST: f64 = 400.0;
const LAST: f64 = 25_600.0;
/// How often the search halves its steps.
const HALVINGS: usize = 3;
/// What 99 of 100 replies may take, in milliseconds.
const REPLY: f64 = 250.0;

/// Whether replies came in time and nothing was lost.
fn holds(shown: &Shown) -> bool {
    shown.is_whole() && shown.reply.at(0.99) < REPLY
}

/// The highest rate at which replies come in time and nothing is lost, as `run` shows for each rate. Each try is printed.
pub async fn highest(who: &str, mut run: impl AsyncFnMut(f64) -> Shown) -> f64 {
    let mut tries = async |rate: f64| {
        let shown = run(rate).await;
        println!(
            "    {who}, {rate:.0}/s: reply p99 {:.0} ms, ack p99 {:.0} ms, lost {}, not acknowledged {}, doubled {}, sent late p99 \
             {:.1} ms",
            shown.reply.at(0.99),
            shown.ack.at(0.99),
            shown.lost,
            shown.unacked,
            shown.doubles + shown.strays,
            shown.late.at(0.99),
        );
        holds(&shown)
    };
    let (mut good, mut rate) = (0.0, FIRST);
    while rate <= LAST && tries(rate).await {
        good = rate;
        rate *= 2.0;
    }
    let mut bad = rate;
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(good, bad);
        if tries(middle).await { good = middle } else { bad = middle }
    }
    good
}
