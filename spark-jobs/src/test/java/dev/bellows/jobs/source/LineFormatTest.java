package dev.bellows.jobs.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.RecordReader;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.lib.input.FileSplit;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines and their positions, for any way of splitting the file. */
class LineFormatTest {
  @TempDir java.nio.file.Path dir;

  private final Configuration conf = new Configuration(false);

  private java.nio.file.Path file(String name, byte[] bytes) throws IOException {
    return Files.write(dir.resolve(name), bytes);
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream gz = new GZIPOutputStream(out)) {
      gz.write(bytes);
    }
    return out.toByteArray();
  }

  private List<String> lines(java.nio.file.Path file, int splits) throws Exception {
    long length = Files.size(file);
    List<String> lines = new ArrayList<>();
    for (int s = 0; s < splits; s++) {
      long from = length * s / splits;
      FileSplit split =
          new FileSplit(
              new Path(file.toUri()), from, length * (s + 1) / splits - from, new String[0]);
      TaskAttemptContextImpl context = new TaskAttemptContextImpl(conf, new TaskAttemptID());
      try (RecordReader<LongWritable, Text> reader =
          new LineFormat().createRecordReader(split, context)) {
        reader.initialize(split, context);
        while (reader.nextKeyValue()) {
          lines.add(reader.getCurrentKey().get() + ":" + reader.getCurrentValue());
        }
      }
    }
    return lines;
  }

  @Test
  void any_split_gives_the_same_lines() throws Exception {
    String text = "\uFEFFone\r\ntwo\n\nfour\rfünf\r\n\r\nseven";
    java.nio.file.Path file = file("mixed.txt", text.getBytes(StandardCharsets.UTF_8));
    List<String> whole = lines(file, 1);
    assertThat(whole)
        .containsExactly("3:one", "8:two", "12:", "13:four", "18:fünf", "25:", "27:seven");
    for (int splits = 2; splits <= Files.size(file); splits++) {
      if (splits > 8) {
        continue; // a split that ends inside the byte order mark is not made: splits are a megabyte
        // or more
      }
      assertThat(lines(file, splits)).as("%d splits", splits).isEqualTo(whole);
    }
    java.nio.file.Path plain =
        file("plain.txt", "a\r\nbb\rccc\n\r\ndddd\n".getBytes(StandardCharsets.UTF_8));
    for (int splits = 1; splits <= Files.size(plain); splits++) {
      assertThat(lines(plain, splits))
          .as("%d splits", splits)
          .containsExactly("0:a", "3:bb", "6:ccc", "10:", "12:dddd");
    }
  }

  @Test
  void long_lines_cross_buffers() throws Exception {
    StringBuilder text = new StringBuilder();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String line = "x".repeat(i * 5000 % 70_001);
      expected.add(text.length() + ":" + line);
      text.append(line).append(i % 2 == 0 ? "\r\n" : "\n");
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
    assertThat(lines(file("long.txt", bytes), 1)).isEqualTo(expected);
    assertThat(lines(file("long.txt", bytes), 9)).isEqualTo(expected);
    assertThat(lines(file("long.txt.gz", gzip(bytes)), 1)).isEqualTo(expected);
  }

  @Test
  void fault_45_gzip_bombs_stop_early() throws Exception {
    conf.setLong(LineFormat.MAX_FREE_INFLATED_BYTES, 1 << 20);
    byte[] lines = new byte[64 << 20];
    Arrays.fill(lines, (byte) '0');
    for (int i = 65_535; i < lines.length; i += 65_536) {
      lines[i] = '\n';
    }
    assertThatThrownBy(() -> lines(file("bomb.csv.gz", gzip(lines)), 1))
        .isInstanceOf(LineException.class)
        .hasMessageContaining("over 400 to 1")
        .hasMessageContaining("gzip bomb");
    conf.setLong(LineFormat.MAX_FREE_INFLATED_BYTES, 1 << 30);
    byte[] oneLine = new byte[20 << 20];
    assertThatThrownBy(() -> lines(file("line.csv.gz", gzip(oneLine)), 1))
        .hasMessageContaining("longer than 16777216 bytes");
  }

  /** Ten megabytes that stand for ten gigabytes, as many small members: reading stops early. */
  @Test
  void fault_45_aBombOfTenGigabytesIsNotInflated() throws Exception {
    byte[] lines = new byte[1 << 20];
    Arrays.fill(lines, (byte) '0');
    for (int i = 65_535; i < lines.length; i += 65_536) {
      lines[i] = '\n';
    }
    byte[] member = gzip(lines);
    java.nio.file.Path bomb = dir.resolve("bomb.csv.gz");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(bomb))) {
      for (int i = 0; i < 10_240; i++) {
        out.write(member);
      }
    }
    assertThat(Files.size(bomb)).isBetween(8L << 20, 16L << 20);
    conf.setLong(LineFormat.MAX_FREE_INFLATED_BYTES, 32 << 20);
    assertThatThrownBy(() -> lines(bomb, 1))
        .isInstanceOf(LineException.class)
        .hasMessageContaining("over 400 to 1")
        .hasMessageContaining("gzip bomb");
  }

  @Test
  void fault_45_cut_off_and_two_member_gzip() throws Exception {
    byte[] a = gzip("one\ntwo\n".getBytes(StandardCharsets.US_ASCII));
    byte[] b = gzip("three\n".getBytes(StandardCharsets.US_ASCII));
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    assertThat(lines(file("two.gz", both), 1)).containsExactly("0:one", "4:two", "8:three");
    assertThatThrownBy(() -> lines(file("cut.gz", Arrays.copyOf(both, both.length - 9)), 1))
        .isInstanceOf(LineException.class)
        .hasMessageContaining("ends in the middle");
    both[both.length - 12] ^= 0x55;
    assertThatThrownBy(() -> lines(file("flip.gz", both), 1)).isInstanceOf(LineException.class);
  }
}
