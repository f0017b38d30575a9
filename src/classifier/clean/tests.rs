//! Each damage, undone.

use rstest::rstest;

use super::clean;

fn cleaned(text: &str) -> String {
    clean(text.as_bytes(), 1).text
}

const STATUS: &str = "npm error 403 403 Forbidden - PUT https://npm.pkg.github.com/@acme%2fwidget - denied";

#[rstest]
#[case::colours("\u{1b}[1mnpm\u{1b}[22m \u{1b}[31merror\u{1b}[39m \u{1b}[94mcode\u{1b}[39m E401")]
#[case::colours_without_escape("[37;40mnpm[0m [0m[31;40merror[0m[0m[35m code[0m E401")]
#[case::nested_colours("npm e[3[31m1mrror code E401")]
#[case::hyperlink("npm error \u{1b}]8;;https://x.example\u{7}code\u{1b}]8;;\u{7} E401")]
#[case::carriage_return("npm error code E401\r")]
#[case::no_break_space("npm\u{a0}error\u{a0}code\u{a0}E401")]
#[case::zero_width("\u{feff}\u{200b}npm error code E401")]
#[case::github_timestamp("2026-03-04T10:21:38.0871783Z npm error code E401")]
#[case::github_annotation("##[error]npm error code E401")]
#[case::github_run_view("release\tPublish\t2026-03-04T10:22:28.1164441Z npm error code E401")]
#[case::jenkins("[2026-03-04T10:29:06.337Z] npm error code E401")]
#[case::jenkins_stage("[Build] npm error code E401")]
#[case::gitlab("2026-03-04T10:21:38.087178Z 01E npm error code E401")]
#[case::vercel("[10:37:16.226] npm error code E401")]
#[case::netlify("10:32:50 AM: npm error code E401")]
#[case::heroku("remote:        npm error code E401")]
#[case::buildkit("#12 4.900 npm error code E401")]
#[case::buildkit_summary("4.900 npm error code E401")]
#[case::compose("web-1  | npm error code E401")]
#[case::codebuild("552 | npm error code E401")]
#[case::turbo("@acme/web:release: npm error code E401")]
#[case::yarn_workspaces("➤ YN0000: [@acme/web]: npm error code E401")]
#[case::pnpm_recursive("│ npm error code E401")]
#[case::kubernetes("2026-03-04T10:21:38.0871783Z stderr F npm error code E401")]
#[case::quoted(">> npm error code E401")]
#[case::inline_code("`npm error code E401`")]
#[case::fence("```npm error code E401")]
#[case::paragraph("<p>npm error code E401</p>")]
#[case::docker_json(r#"{"log":"npm error code E401\n","stream":"stderr","time":"2026-03-04T10:21:38Z"}"#)]
#[case::logger_json(r#"{"level":"error","msg":"[31mnpm error[0m code E401"}"#)]
fn a_prefix_or_a_colour_goes(#[case] damaged: &str) {
    assert_eq!(cleaned(damaged).trim(), "npm error code E401");
}

#[test]
fn links_and_entities_become_addresses() {
    let url = "https://npm.pkg.github.com/@acme%2fwidget";
    for link in [
        format!("<{url}>"),
        format!("<{url}|npm.pkg.github.com/@acme%2fwidget>"),
        format!("&lt;{url}|{url}&gt;"),
        format!("&amp;lt;{url}&amp;gt;"),
        format!("[{url}]({url})"),
    ] {
        assert_eq!(cleaned(&format!("npm error 403 403 Forbidden - PUT {link} - denied")), STATUS, "{link}");
    }
}

#[test]
fn quotes_and_dashes_become_plain() {
    assert_eq!(cleaned("need: BASIC realm=“Nexus” – ‘x’"), "need: BASIC realm=\"Nexus\" - 'x'");
}

#[test]
fn a_placeholder_in_angle_brackets_stays() {
    let line = "npm error You can provide a one-time password by passing --otp=<code> to the command you ran.";
    assert_eq!(cleaned(line), line);
}

#[test]
fn a_line_wrapped_at_80_columns_is_whole_again() {
    let line = "npm error 403 403 Forbidden - PUT https://acme.jfrog.io/artifactory/api/npm/npm-local/@acme%2fmailer";
    let (head, tail) = line.split_at(80);
    let got = clean(format!("npm error code E403\n{head}\n{tail}\nnext line").as_bytes(), 7);
    assert_eq!(got.text, format!("npm error code E403\n{line}\nnext line"));
    assert_eq!(got.numbers, [7, 8, 10]);
}

#[test]
fn a_long_line_before_prose_is_not_wrapped() {
    let text = format!("{STATUS}\nI did not touch the .npmrc, promise");
    assert_eq!(cleaned(&text), text);
}

#[test]
fn a_frame_is_unwrapped() {
    let text = "  ├─▶ Failed to resolve dependency tree: GET https://npm.pkg.github.com/\n  │   @acme%2fwidget: Forbidden - 403";
    assert_eq!(
        cleaned(text),
        "Failed to resolve dependency tree: GET https://npm.pkg.github.com/@acme%2fwidget: Forbidden - 403"
    );
}

#[test]
fn lost_newlines_are_found_again() {
    let expected = format!("npm error code E403\n{STATUS}\nnpm error A complete log");
    assert_eq!(cleaned(&expected.replace('\n', " ")), expected);
    assert_eq!(cleaned(&expected.replace('\n', "\\n")), expected);
    assert_eq!(cleaned(&format!("\"{}\"", expected.replace('\n', "\\r\\n"))), format!("\"\n{expected}\""));
    assert_eq!(cleaned(&expected.replace('\n', "<br>")), expected);
}

#[test]
fn a_folder_of_a_windows_path_is_no_newline() {
    let line = r"npm error A complete log of this run can be found in: C:\Users\dev\npm-cache\_logs\x.log";
    assert_eq!(cleaned(line), line);
}

#[test]
fn words_of_the_package_manager_itself_are_no_prefix() {
    for line in [
        "[E403] 403 Forbidden - PUT https://npm.pkg.github.com/@acme%2fwidget",
        "[ERR_PNPM_FETCH_401] GET https://npm.pkg.github.com/@acme%2fwidget: Unauthorized - 401",
        "YN0041: Invalid authentication (as an unknown user)",
        "error: GET https://npm.pkg.github.com/@acme%2fwidget - 401",
        "20 error code E401",
    ] {
        assert_eq!(cleaned(line), line);
    }
}

#[test]
fn lines_keep_their_numbers() {
    let got = clean(b"a\n<pre>npm error code E401<br>npm error x</pre>\n\nb\n", 10);
    let lines: Vec<_> = got.text.split('\n').zip(&got.numbers).filter(|(l, _)| !l.is_empty()).collect();
    assert_eq!(lines, [("a", &10), ("npm error code E401", &11), ("npm error x", &11), ("b", &13)]);
}
