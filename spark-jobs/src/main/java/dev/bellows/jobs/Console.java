package dev.bellows.jobs;

/**
 * What a job says while it runs. The command line decides the form: a bar on a terminal, one line
 * per 10 s elsewhere, one JSON object per line under {@code --log-format json}. Control characters
 * in texts are stripped by the implementation. Calls are cheap and may come from any thread.
 */
public interface Console {
  /** A headed line: {@code data 54,000 train rows ...}; the word is padded to the common width. */
  void section(String word, String text);

  /** A line that continues the section above. */
  void more(String text);

  /** Something the user should know, prefixed with {@code warn}. Never rate-limited. */
  void warn(String text);

  /** Shown under {@code -v} only. */
  void detail(String text);

  /** A line of a table (also its header), printed above the bar. */
  void row(String text);

  /**
   * The present state of a long action. Call as often as wanted: drawing is rate-limited by the
   * implementation.
   *
   * @param label what is counted, e.g. {@code epoch 3/10}
   * @param done units done
   * @param total units in all, at least 1
   * @param text figures behind the bar, e.g. {@code loss 0.3121 acc 0.887 5.9k rows/s}
   */
  void progress(String label, long done, long total, String text);

  /** Ends the bar, so that the next line starts in column 1. */
  void progressDone();

  /** Says nothing: for tests and embedded use. */
  static Console silent() {
    return new Console() {
      @Override
      public void section(String word, String text) {}

      @Override
      public void more(String text) {}

      @Override
      public void warn(String text) {}

      @Override
      public void detail(String text) {}

      @Override
      public void row(String text) {}

      @Override
      public void progress(String label, long done, long total, String text) {}

      @Override
      public void progressDone() {}
    };
  }
}
