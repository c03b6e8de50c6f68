package dev.bellows.jobs.train;

import dev.bellows.jobs.Console;

/** Keeps everything that was said. */
public final class RecordingConsole implements Console {
  private final StringBuilder text = new StringBuilder();

  /** What was said so far. */
  public String text() {
    synchronized (text) {
      return text.toString();
    }
  }

  private void say(String line) {
    synchronized (text) {
      text.append(line).append('\n');
    }
  }

  @Override
  public void section(String word, String line) {
    say(word + "  " + line);
  }

  @Override
  public void more(String line) {
    say(line);
  }

  @Override
  public void warn(String line) {
    say("warn  " + line);
  }

  @Override
  public void detail(String line) {
    say(line);
  }

  @Override
  public void row(String line) {
    say(line);
  }

  @Override
  public void progress(String label, long done, long total, String line) {}

  @Override
  public void progressDone() {}
}
