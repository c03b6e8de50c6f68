package dev.bellows.jobs.cli;

import dev.bellows.engine.model.Json;
import dev.bellows.jobs.Console;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@link Console} on standard output: text with a bar, text in lines, or JSON lines. */
final class ConsoleOutput implements Console {
  /** How progress is shown. */
  enum Progress {
    AUTO,
    BAR,
    LINES,
    OFF
  }

  /** How much is said. */
  enum Verbosity {
    QUIET,
    NORMAL,
    VERBOSE
  }

  private static final long LINE_NANOS = 10_000_000_000L;
  private static final long BAR_NANOS = 100_000_000L;
  private static final int BAR_CELLS = 20;
  private static final int WORD = 8;
  private static final String YELLOW = "\u001b[33m";
  private static final String GREEN = "\u001b[32m";
  private static final String BOLD = "\u001b[1m";
  private static final String PLAIN = "\u001b[0m";

  private final Terminal terminal;
  private final PrintStream out;
  private final Progress progress;
  private final Verbosity verbosity;
  private final boolean json;
  private final boolean color;
  private long lastDrawn;
  private boolean drawn;
  private boolean barShown;

  ConsoleOutput(
      Terminal terminal, Progress progress, Verbosity verbosity, boolean json, boolean color) {
    this.terminal = terminal;
    this.out = terminal.out();
    boolean bar = terminal.interactive() && !json;
    this.progress = progress == Progress.AUTO ? (bar ? Progress.BAR : Progress.LINES) : progress;
    this.verbosity = verbosity;
    this.json = json;
    this.color = color && !json;
  }

  @Override
  public synchronized void section(String word, String text) {
    if (verbosity == Verbosity.QUIET && !word.equals("done")) {
      return;
    }
    if (json) {
      object("section", Map.of("word", word, "text", clean(text)));
      return;
    }
    String head = pad(clean(word), WORD);
    line(paint(word.equals("done") ? GREEN : BOLD, head) + clean(text));
  }

  @Override
  public synchronized void more(String text) {
    if (verbosity == Verbosity.QUIET) {
      return;
    }
    if (json) {
      object("more", Map.of("text", clean(text)));
    } else {
      line(" ".repeat(WORD) + clean(text));
    }
  }

  @Override
  public synchronized void warn(String text) {
    if (json) {
      object("warn", Map.of("text", clean(text)));
    } else {
      line(paint(YELLOW, pad("warn", WORD)) + clean(text));
    }
  }

  @Override
  public synchronized void detail(String text) {
    if (verbosity == Verbosity.VERBOSE) {
      if (json) {
        object("detail", Map.of("text", clean(text)));
      } else {
        line(clean(text));
      }
    }
  }

  @Override
  public synchronized void row(String text) {
    if (verbosity == Verbosity.QUIET) {
      return;
    }
    if (json) {
      object("row", Map.of("text", clean(text)));
    } else {
      line(clean(text));
    }
  }

  @Override
  public synchronized void progress(String label, long done, long total, String text) {
    if (progress == Progress.OFF || verbosity == Verbosity.QUIET) {
      return;
    }
    long now = terminal.nanoTime().getAsLong();
    if (drawn && now - lastDrawn < (progress == Progress.BAR ? BAR_NANOS : LINE_NANOS)) {
      return;
    }
    if (!drawn && progress == Progress.LINES) {
      // The first line comes after ten seconds: short runs stay short.
      drawn = true;
      lastDrawn = now;
      return;
    }
    drawn = true;
    lastDrawn = now;
    if (json) {
      object(
          "progress",
          Map.of("label", clean(label), "done", done, "total", total, "text", clean(text)));
    } else if (progress == Progress.BAR) {
      int cells = (int) Math.min(BAR_CELLS, Math.max(0, done * BAR_CELLS / Math.max(1, total)));
      String bar = "[" + "#".repeat(cells) + "-".repeat(BAR_CELLS - cells) + "]";
      String full = clean(label) + "  " + bar + "  " + done + "/" + total + "  " + clean(text);
      int width = terminal.width() - 1;
      out.print("\r" + pad(full.length() > width ? full.substring(0, width) : full, width));
      out.flush();
      barShown = true;
    } else {
      out.println(clean(label) + "  " + done + "/" + total + "  " + clean(text));
      out.flush();
    }
  }

  @Override
  public synchronized void progressDone() {
    erase();
    drawn = progress == Progress.LINES && drawn;
  }

  /** A line outside of any section: headings. */
  synchronized void plain(String text) {
    if (json) {
      object("head", Map.of("text", clean(text)));
    } else if (verbosity != Verbosity.QUIET) {
      line(clean(text));
    }
  }

  private void line(String text) {
    erase();
    out.println(text);
    out.flush();
  }

  private void erase() {
    if (barShown) {
      out.print("\r" + " ".repeat(terminal.width() - 1) + "\r");
      barShown = false;
    }
  }

  private void object(String event, Map<String, ?> fields) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("event", event);
    object.putAll(fields);
    out.println(Json.compact(object));
    out.flush();
  }

  private String paint(String code, String text) {
    return color ? code + text + PLAIN : text;
  }

  /** Names come from data: escape sequences and line breaks in them must not reach the terminal. */
  static String clean(String text) {
    return text.replaceAll("\\p{Cntrl}|[\\u0080-\\u009f\\u2028\\u2029]", "?");
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }
}
