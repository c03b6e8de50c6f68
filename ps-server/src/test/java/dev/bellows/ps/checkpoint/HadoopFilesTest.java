package dev.bellows.ps.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

/** Whole files and appending on a file system that has neither. */
@EnabledForJreRange(max = JRE.JAVA_23)
class HadoopFilesTest {
  @TempDir Path folder;

  /** Rename refuses a destination that is there; dies after so many changes; appends on request. */
  public static final class MortalFs extends RawLocalFileSystem {
    static final class Death extends IOException {
      private static final long serialVersionUID = 1L;
    }

    static int changesLeft = Integer.MAX_VALUE;
    static boolean appends;

    @Override
    public URI getUri() {
      return URI.create("mortal:///");
    }

    @Override
    public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to)
        throws IOException {
      change();
      return !exists(to) && super.rename(from, to);
    }

    @Override
    public boolean delete(org.apache.hadoop.fs.Path path, boolean recursive) throws IOException {
      change();
      return super.delete(path, recursive);
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        boolean overwrite,
        int buffer,
        short replication,
        long block,
        Progressable progress)
        throws IOException {
      change();
      return super.create(file, overwrite, buffer, replication, block, progress);
    }

    @Override
    public FSDataOutputStream append(
        org.apache.hadoop.fs.Path file, int buffer, Progressable progress) throws IOException {
      change();
      FSDataOutputStream out = super.append(file, buffer, progress);
      if (!appends) { // as a data node that is lost in the middle
        out.write("torn".getBytes(StandardCharsets.UTF_8));
        out.close();
        throw new IOException("lost");
      }
      return out;
    }

    @Override
    public boolean hasPathCapability(org.apache.hadoop.fs.Path path, String capability)
        throws IOException {
      return capability.equals(CommonPathCapabilities.FS_APPEND)
          || super.hasPathCapability(path, capability);
    }

    private static void change() throws Death {
      if (changesLeft-- <= 0) {
        throw new Death();
      }
    }
  }

  private HadoopFiles files(String name) throws IOException {
    MortalFs.changesLeft = Integer.MAX_VALUE;
    MortalFs.appends = true;
    Configuration configuration = new Configuration(false);
    configuration.setClass("fs.mortal.impl", MortalFs.class, FileSystem.class);
    return new HadoopFiles("mortal://" + folder.resolve(name).toAbsolutePath(), configuration);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(HadoopFiles files) throws IOException {
    return new String(files.read("a"), StandardCharsets.UTF_8);
  }

  @Test
  void aReplacedFileIsOldOrNewWhereverTheProcessDies() throws Exception {
    List<String> seen = new ArrayList<>();
    boolean done = false;
    for (int deathAt = 0; !done; deathAt++) {
      HadoopFiles files = files("replace" + deathAt);
      files.replace("a", bytes("old"));
      MortalFs.changesLeft = deathAt;
      try {
        files.replace("a", bytes("newer"));
        done = true;
      } catch (MortalFs.Death death) {
        // the next process looks
      }
      MortalFs.changesLeft = Integer.MAX_VALUE;
      seen.add(text(files));
      assertThat(files.lengthBytes("a")).isEqualTo(text(files).length());
      assertThat(text(files)).isIn("old", "newer");
      files.replace("a", bytes("last")); // and goes on
      assertThat(text(files)).isEqualTo("last");
      assertThat(files.list("")).containsExactly("a");
      files.delete("a");
      assertThatThrownBy(() -> files.read("a")).isInstanceOf(FileNotFoundException.class);
    }
    assertThat(seen).hasSizeGreaterThan(4).startsWith("old").endsWith("newer");
  }

  @Test
  void aFileThatIsDeletedBetweenTwoRenamesDoesNotComeBack() throws Exception {
    HadoopFiles files = files("deleted");
    files.replace("a", bytes("old"));
    Files.move(folder.resolve("deleted/a"), folder.resolve("deleted/a.new"));
    assertThat(text(files)).isEqualTo("old");
    files.delete("a");
    assertThat(files.lengthBytes("a")).isEqualTo(-1);
    assertThat(files.list("")).isEmpty();
  }

  @Test
  void appendingAddsOnceEvenWhenTheFileSystemFailsHalfWay() throws Exception {
    HadoopFiles files = files("append");
    files.append("a", bytes("1\n"));
    files.append("a", bytes("2\n"));
    assertThat(text(files)).isEqualTo("1\n2\n");
    MortalFs.appends = false;
    files.append("a", bytes("3\n"));
    assertThat(text(files)).isEqualTo("1\n2\n3\n");
  }

  /** Like HDFS: once a stream failed, each call throws the same exception again. */
  public static final class BrokenPipeFs extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("broken:///");
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        boolean overwrite,
        int buffer,
        short replication,
        long block,
        Progressable progress) {
      IOException broken = new IOException("no more good data nodes");
      return new FSDataOutputStream(
          new OutputStream() {
            @Override
            public void write(int b) throws IOException {
              throw broken;
            }

            @Override
            public void close() throws IOException {
              throw broken;
            }
          },
          null);
    }
  }

  @Test
  void aStreamThatFailsTwiceWithOneExceptionIsToldOnce() throws Exception {
    Configuration configuration = new Configuration(false);
    configuration.setClass("fs.broken.impl", BrokenPipeFs.class, FileSystem.class);
    HadoopFiles files = new HadoopFiles("broken://" + folder.toAbsolutePath(), configuration);
    assertThatThrownBy(() -> files.replace("a", bytes("x")))
        .isInstanceOf(IOException.class)
        .hasMessage("no more good data nodes");
    OutputStream unwritten = files.create("b");
    assertThatThrownBy(unwritten::close).hasMessage("no more good data nodes");
  }

  /** Like HDFS: the server's stack trace comes along in the message. */
  public static final class TalkativeFs extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("talkative:///");
    }

    @Override
    public FileStatus getFileStatus(org.apache.hadoop.fs.Path path) throws IOException {
      throw new AccessControlException("Permission denied: user=a\n\tat server.Check(1)\n");
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path path) throws IOException {
      throw new IOException("safe mode\n\tat server.Check(1)\n");
    }
  }

  @Test
  void fault_35_aServersStackTraceIsNoPartOfTheMessage() throws Exception {
    Configuration configuration = new Configuration(false);
    configuration.setClass("fs.talkative.impl", TalkativeFs.class, FileSystem.class);
    HadoopFiles files = new HadoopFiles("talkative://" + folder.toAbsolutePath(), configuration);
    assertThatThrownBy(() -> files.lengthBytes("a"))
        .isInstanceOf(AccessDeniedException.class)
        .hasMessage("Permission denied: user=a");
    assertThatThrownBy(() -> files.list("")).hasMessage("safe mode");
  }

  @Test
  void aFileIsCreatedOnce() throws Exception {
    HadoopFiles files = files("once");
    assertThat(files.createNew("lease/1", bytes("mine"))).isTrue();
    assertThat(files.createNew("lease/1", bytes("yours"))).isFalse();
    assertThat(new String(files.below("lease").read("1"), StandardCharsets.UTF_8))
        .isEqualTo("mine");
    assertThatThrownBy(() -> files.below("../elsewhere"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must stay below");
  }
}
