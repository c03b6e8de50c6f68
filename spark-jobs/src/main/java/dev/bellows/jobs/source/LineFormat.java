package dev.bellows.jobs.source;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.hadoop.mapreduce.InputSplit;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.RecordReader;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.lib.input.FileInputFormat;
import org.apache.hadoop.mapreduce.lib.input.FileSplit;
import org.jspecify.annotations.Nullable;

/**
 * Lines with the byte position at which each starts (in the uncompressed file). A line belongs to
 * the split that holds its first byte. Unlike Hadoop's own line reader it fails, with the position,
 * on a line or an inflated size beyond bounds instead of skipping the line or reading for ever.
 */
public final class LineFormat extends FileInputFormat<LongWritable, Text> {
  /** Longest line in bytes (configuration key). */
  static final String MAX_LINE_BYTES = "bellows.source.max-line-bytes";

  /** Inflated bytes from which the ratio below is enforced (configuration key). */
  static final String MAX_FREE_INFLATED_BYTES = "bellows.source.max-free-inflated-bytes";

  /**
   * Largest ratio of inflated to stored bytes; a gzip stream reaches 1032 at most, text rarely 50.
   */
  static final long MAX_INFLATE_RATIO = 400;

  /** Separator, quote, escape, whether blanks are stripped: four numbers (configuration key). */
  private static final String QUOTES = "bellows.source.quotes";

  /**
   * Has line breaks inside quotes belong to a line; see {@link QuoteScanner}. Files are then not
   * split: no place inside a file tells whether it is in quotes.
   */
  static void quoted(Configuration conf, int separator, int quote, int escape, boolean trim) {
    conf.set(QUOTES, separator + "," + quote + "," + escape + "," + (trim ? 1 : 0));
  }

  private static @Nullable QuoteScanner scanner(Configuration conf) {
    int[] q = conf.getInts(QUOTES);
    return q.length == 0 ? null : new QuoteScanner(q[0], q[1], q[2], q[3] == 1);
  }

  @Override
  protected boolean isSplitable(JobContext context, Path file) {
    if (context.getConfiguration().get(QUOTES) != null) {
      return false;
    }
    return new CompressionCodecFactory(context.getConfiguration()).getCodec(file) == null;
  }

  @Override
  public RecordReader<LongWritable, Text> createRecordReader(
      InputSplit split, TaskAttemptContext context) {
    return new LineReader();
  }

  /**
   * Whether and how a stream of {@code inflated} bytes from {@code stored} bytes is refused; null
   * when it is fine.
   */
  static boolean bomb(long inflated, long stored, long free) {
    return inflated > free && inflated > MAX_INFLATE_RATIO * Math.max(1, stored);
  }

  /** Why such a stream is refused. */
  static String bombMessage(long inflated, long stored) {
    return stored
        + " bytes inflate to more than "
        + inflated
        + " (over "
        + MAX_INFLATE_RATIO
        + " to 1), as a gzip bomb does: inflate it yourself if it is meant";
  }

  private static final class LineReader extends RecordReader<LongWritable, Text> {
    private static final int BUFFER_BYTES = 1 << 16;

    private final LongWritable key = new LongWritable();
    private final Text value = new Text();
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private byte[] line = new byte[1024];
    private InputStream in = InputStream.nullInputStream();
    private Path path = new Path("none");

    /** The compressed file: how much of it was inflated until now tells a bomb at its beginning. */
    private @Nullable FSDataInputStream stored;

    private long start;
    private long end;
    private long maxLineBytes;
    private long maxFreeInflatedBytes;
    private int next;
    private int filled;
    private @Nullable QuoteScanner quotes;

    /** Position in the uncompressed file of buffer[0]. */
    private long bufferPosition;

    @Override
    public void initialize(InputSplit split, TaskAttemptContext context) throws IOException {
      FileSplit fileSplit = (FileSplit) split;
      Configuration conf = context.getConfiguration();
      path = fileSplit.getPath();
      quotes = scanner(conf);
      maxLineBytes = conf.getLong(MAX_LINE_BYTES, 16L << 20);
      maxFreeInflatedBytes = conf.getLong(MAX_FREE_INFLATED_BYTES, 1L << 30);
      start = fileSplit.getStart();
      end = start + fileSplit.getLength();
      CompressionCodec codec = new CompressionCodecFactory(conf).getCodec(path);
      FSDataInputStream file = path.getFileSystem(conf).open(path);
      if (codec != null) {
        stored = file;
        in = codec.createInputStream(file);
        end = Long.MAX_VALUE;
      } else {
        in = file;
        if (start > 0) {
          // One byte back: if that byte ends a line, the line at `start` is ours.
          file.seek(start - 1);
          bufferPosition = start - 1;
          readLine();
        }
      }
      if (start == 0) {
        skipByteOrderMark();
      }
    }

    private void skipByteOrderMark() throws IOException {
      if (!fill()) {
        return;
      }
      if (filled >= 3
          && buffer[0] == (byte) 0xEF
          && buffer[1] == (byte) 0xBB
          && buffer[2] == (byte) 0xBF) {
        next = 3;
      } else if (filled >= 2
          && ((buffer[0] == (byte) 0xFE && buffer[1] == (byte) 0xFF)
              || (buffer[0] == (byte) 0xFF && buffer[1] == (byte) 0xFE))) {
        throw new LineException(
            "starts with the byte order mark of UTF-16; expected UTF-8: convert it first (iconv -t utf-8)");
      }
    }

    private boolean fill() throws IOException {
      bufferPosition += filled;
      next = 0;
      try {
        filled = Math.max(0, in.read(buffer, 0, BUFFER_BYTES));
      } catch (EOFException e) {
        filled = 0;
        throw new LineException(
            "the compressed file ends in the middle, after "
                + bufferPosition
                + " inflated bytes: copy it again");
      } catch (IOException e) {
        filled = 0;
        throw new LineException(
            "cannot be read after " + bufferPosition + " bytes: " + e.getMessage());
      }
      FSDataInputStream packed = stored;
      if (packed != null
          && LineFormat.bomb(bufferPosition, packed.getPos(), maxFreeInflatedBytes)) {
        throw new LineException(LineFormat.bombMessage(bufferPosition, packed.getPos()));
      }
      return filled > 0;
    }

    /** Reads one line into {@link #line}; returns its length, or -1 at the end of the file. */
    private int readLine() throws IOException {
      int length = 0;
      if (quotes != null) {
        quotes.begin();
      }
      while (true) {
        if (next == filled && !fill()) {
          return length == 0 ? -1 : length;
        }
        int from = next;
        int i = quotes == null ? lineEnd(from) : quotes.end(buffer, from, filled);
        int n = i - from;
        if (length + n > maxLineBytes) {
          throw new LineException(
              "the line at byte "
                  + key.get()
                  + " is longer than "
                  + maxLineBytes
                  + " bytes; expected a text file with line ends"
                  + (quotes != null && quotes.open() ? ", found a quote that is not closed" : ""));
        }
        if (length + n > line.length) {
          line = Arrays.copyOf(line, Math.max(length + n, line.length * 2));
        }
        System.arraycopy(buffer, from, line, length, n);
        length += n;
        next = i;
        if (i < filled) {
          next++;
          if (buffer[i] == '\r' && (next < filled || fill()) && buffer[next] == '\n') {
            next++;
          }
          return length;
        }
      }
    }

    private int lineEnd(int from) {
      int i = from;
      while (i < filled && buffer[i] != '\n' && buffer[i] != '\r') {
        i++;
      }
      return i;
    }

    @Override
    public boolean nextKeyValue() throws IOException {
      long position = bufferPosition + next;
      if (position >= end) {
        return false;
      }
      key.set(position);
      int length = readLine();
      if (length < 0) {
        return false;
      }
      value.set(line, 0, length);
      return true;
    }

    @Override
    public LongWritable getCurrentKey() {
      return key;
    }

    @Override
    public Text getCurrentValue() {
      return value;
    }

    @Override
    public float getProgress() {
      return stored != null || end <= start
          ? 0f
          : Math.min(1f, (bufferPosition + next - start) / (float) (end - start));
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
