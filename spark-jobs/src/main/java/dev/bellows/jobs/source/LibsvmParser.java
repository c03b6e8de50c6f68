package dev.bellows.jobs.source;

import dev.bellows.jobs.config.SourceConfig.LibsvmOptions;

/**
 * One LibSVM line, {@code label index:value index:value ... # comment}, to one sparse row; strict
 * about order, range and numbers.
 */
final class LibsvmParser implements LineParser {
  private static final long serialVersionUID = 1L;
  private static final int LABEL = 0;

  private final int base;
  private final int width;

  LibsvmParser(LibsvmOptions options) {
    this.base = options.indexBase();
    this.width = options.features();
  }

  @Override
  public void parse(byte[] b, int rawLength, long position, RawBlockBuilder out) {
    int length = 0;
    while (length < rawLength && b[length] != '#') {
      length++;
    }
    int i = skipBlanks(b, 0, length);
    if (i == length) {
      return;
    }
    out.beginRow(position);
    int end = tokenEnd(b, i, length);
    String wrong = null;
    if (colon(b, i, end) < 0) {
      wrong = out.cell(LABEL, b, i, end);
      i = skipBlanks(b, end, length);
    } else {
      out.missing(LABEL);
    }
    int previous = -1;
    while (wrong == null && i < length) {
      end = tokenEnd(b, i, length);
      int colon = colon(b, i, end);
      long index = colon < 0 ? -1 : index(b, i, colon);
      double value = colon < 0 ? 0 : NumberText.parse(b, colon + 1, end, false);
      if (index < 0 || NumberText.isText(value)) {
        wrong = "expected index:value, found \"" + Excerpt.of(b, i, end) + "\"";
      } else if (index < base) {
        wrong = "index " + index + " in a " + base + "-based file (set libsvm index_base)";
      } else if (width > 0 && index - base >= width) {
        wrong = "index " + index + " is beyond the declared " + width + " features";
      } else if (index - base > Integer.MAX_VALUE - 8) {
        wrong = "index " + index + " is larger than " + (Integer.MAX_VALUE - 8);
      } else if (index - base <= previous) {
        wrong = "expected ascending indices, found " + index + " after " + (previous + base);
      } else if (!Double.isFinite(value) || Math.abs(value) > Float.MAX_VALUE) {
        wrong = "expected a finite value, found \"" + Excerpt.of(b, i, end) + "\"";
      } else {
        previous = (int) (index - base);
        if (value != 0) {
          out.sparse(previous, (float) value);
        }
      }
      i = skipBlanks(b, end, length);
    }
    if (wrong != null) {
      out.reject(position, wrong + " in \"" + Excerpt.of(b, 0, rawLength) + "\"");
    } else {
      out.endRow();
    }
  }

  private static int skipBlanks(byte[] b, int from, int length) {
    int i = from;
    while (i < length && (b[i] == ' ' || b[i] == '\t')) {
      i++;
    }
    return i;
  }

  private static int tokenEnd(byte[] b, int from, int length) {
    int i = from;
    while (i < length && b[i] != ' ' && b[i] != '\t') {
      i++;
    }
    return i;
  }

  private static int colon(byte[] b, int from, int to) {
    for (int i = from; i < to; i++) {
      if (b[i] == ':') {
        return i;
      }
    }
    return -1;
  }

  private static long index(byte[] b, int from, int to) {
    if (to == from || to - from > 12) {
      return -1;
    }
    long index = 0;
    for (int i = from; i < to; i++) {
      if (b[i] < '0' || b[i] > '9') {
        return -1;
      }
      index = index * 10 + (b[i] - '0');
    }
    return index;
  }
}
