package dev.bellows.ps.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.NioFiles;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

/** Rows 6 and 31 to 34 of the fault matrix, at the level of files. */
class CheckpointFaultTest {

  private static final int PAGE_BYTES = 4096;

  @TempDir Path folder;

  /**
   * The writer dies after every single byte or file operation; what a new process finds is always
   * the newest whole checkpoint and never a mix of two steps.
   */
  @Test
  void fault_06_writerKilledAtEveryByteAndOperation() throws IOException {
    SampleRun run = new SampleRun(40, 1);
    MemoryFiles before = new MemoryFiles();
    run.write(new CheckpointStore(before), 100, 2);
    MemoryFiles whole = before.copy();
    run.write(new CheckpointStore(whole), 200, 2);
    long life = whole.usedBytes() - before.usedBytes() + whole.operations;

    int old = 0;
    int renewed = 0;
    for (long death = 0; death <= life; death++) {
      MemoryFiles files = before.copy();
      files.bytesUntilDeath = death;
      boolean died = false;
      try {
        run.write(new CheckpointStore(files), 200, 2);
      } catch (MemoryFiles.Death e) {
        died = true;
      }
      MemoryFiles seen = files.copy();
      CheckpointStore resumed = new CheckpointStore(seen, w -> {}, p -> {});
      Checkpoint found = resumed.latestWhole().orElseThrow();
      assertThat(run.matches(found)).as("death after %d", death).isTrue();
      if (!died) {
        assertThat(found.step()).isEqualTo(200);
      }
      if (found.step() == 200) {
        renewed++;
      } else {
        old++;
      }
      // The resumed run writes the same step again and cleans up after the dead one.
      run.write(resumed, 200, 3);
      resumed.retain(1, OptionalLong.empty());
      assertThat(resumed.latestWhole().orElseThrow().step()).isEqualTo(200);
    }
    assertThat(old).as("deaths that leave the previous checkpoint").isGreaterThan(1000);
    assertThat(renewed).isPositive();
  }

  /** The same at the named write boundaries, which an integration test can use for a real kill. */
  @Test
  void fault_06_everyFailpointOfTheWriter() throws IOException {
    SampleRun run = new SampleRun(5000, 2);
    List<String> points = new ArrayList<>();
    run.write(new CheckpointStore(new MemoryFiles(), w -> {}, points::add), 1, 2);
    assertThat(points)
        .containsExactly(
            "begin",
            "shard-0.begin",
            "shard-0.end",
            "shard-1.begin",
            "shard-1.end",
            "state.begin",
            "state.end",
            "manifest.begin",
            "manifest.end");
    for (String deadly : points) {
      MemoryFiles files = new MemoryFiles();
      run.write(new CheckpointStore(files), 100, 1);
      CheckpointStore store =
          new CheckpointStore(
              files,
              w -> {},
              point -> {
                if (point.equals(deadly)) {
                  throw new MemoryFiles.Death();
                }
              });
      assertThatThrownBy(() -> run.write(store, 200, 2)).isInstanceOf(MemoryFiles.Death.class);
      Checkpoint found = new CheckpointStore(files, w -> {}, p -> {}).latestWhole().orElseThrow();
      assertThat(found.step()).isEqualTo(deadly.equals("manifest.end") ? 200 : 100);
      assertThat(run.matches(found)).isTrue();
    }
  }

  @Test
  void fault_06_retentionKilledAtEveryOperation() throws IOException {
    SampleRun run = new SampleRun(40, 1);
    MemoryFiles before = new MemoryFiles();
    for (long step = 1; step <= 3; step++) {
      run.write(new CheckpointStore(before), step, 1);
    }
    for (int death = 0; death < 20; death++) {
      MemoryFiles files = before.copy();
      files.bytesUntilDeath = death;
      try {
        new CheckpointStore(files, w -> {}, p -> {}).retain(1, OptionalLong.empty());
      } catch (MemoryFiles.Death e) {
        // the case under test
      }
      CheckpointStore resumed = new CheckpointStore(files.copy(), w -> {}, p -> {});
      assertThat(resumed.latestWhole().orElseThrow().step()).isEqualTo(3);
    }
  }

  @Test
  void fault_31_diskFullAtEveryQuotaLeavesTheOldOne() throws IOException {
    SampleRun run = new SampleRun(3000, 1);
    MemoryFiles before = new MemoryFiles();
    run.write(new CheckpointStore(before), 100, 2);
    long full = 2 * before.usedBytes();
    int failures = 0;
    for (long quota = before.usedBytes(); quota < full; quota += 997) {
      MemoryFiles files = before.copy();
      files.quotaBytes = quota;
      CheckpointStore store = new CheckpointStore(files, w -> {}, p -> {});
      NoSpaceException error =
          catchThrowableOfType(NoSpaceException.class, () -> run.write(store, 200, 2));
      assertThat(error).as("quota %d", quota).isNotNull();
      assertThat(error.kind()).isEqualTo(CheckpointException.Kind.NO_SPACE);
      assertThat(error.bytesNeeded()).isPositive();
      assertThat(error.bytesFree()).isBetween(0L, full - before.usedBytes());
      assertThat(error)
          .hasMessageContaining("needs " + error.bytesNeeded() + " bytes")
          .hasMessageContaining("free " + error.bytesFree() + " bytes")
          .hasMessageContaining("step-000200/");
      assertThat(store.latestWhole().orElseThrow().step()).isEqualTo(100);
      store.discardUnfinished(200);
      assertThat(files.usedBytes()).as("the space is given back").isEqualTo(before.usedBytes());
      failures++;
    }
    assertThat(failures).isGreaterThan(10);
  }

  @Test
  void fault_31_deviceFull() throws IOException {
    assertDeviceFull(new NioFiles(folder));
  }

  @Test
  @EnabledForJreRange(max = JRE.JAVA_23)
  void fault_31_deviceFullThroughHadoopIsNoErrorThatEndsTheProcess() throws IOException {
    assertDeviceFull(new HadoopFiles(folder.toUri().toString(), new Configuration()));
  }

  private void assertDeviceFull(FolderFiles files) throws IOException {
    Assumptions.assumeTrue(Files.isWritable(Path.of("/dev/full")), "no /dev/full on this system");
    SampleRun run = new SampleRun(3000, 1);
    CheckpointStore store = new CheckpointStore(files, w -> {}, p -> {});
    run.write(store, 100, 1);
    assertThat(store.begin(200)).isTrue();
    Files.createDirectories(folder.resolve("step-000200"));
    Files.createSymbolicLink(
        folder.resolve("step-000200/shard-0.safetensors"), Path.of("/dev/full"));
    assertThatThrownBy(() -> store.writeShard(200, run.parts(200, 1).get(0)))
        .isInstanceOf(NoSpaceException.class)
        .hasMessageContaining("earlier checkpoints are intact");
    assertThat(store.latestWhole().orElseThrow().step()).isEqualTo(100);
  }

  @Test
  void fault_32_tornFilesAreIgnoredWithFileAndOffset() throws IOException {
    SampleRun run = new SampleRun(20_000, 1);
    MemoryFiles good = new MemoryFiles();
    run.write(new CheckpointStore(good), 100, 1);
    run.write(new CheckpointStore(good), 200, 2);
    for (String name : namesOf(good, "step-000200/")) {
      byte[] bytes = good.contents.get(name);
      for (int cut : cuts(bytes.length)) {
        assertIgnored(run, good, name, Arrays.copyOf(bytes, cut), cut);
        byte[] zeroTail = bytes.clone();
        Arrays.fill(zeroTail, cut, bytes.length, (byte) 0);
        if (!Arrays.equals(zeroTail, bytes)) {
          assertIgnored(run, good, name, zeroTail, -1);
        }
      }
      byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
      assertIgnored(run, good, name, longer, name.endsWith("manifest.json") ? -1 : bytes.length);
    }
  }

  @Test
  void fault_32_missingFileIsIgnored() throws IOException {
    SampleRun run = new SampleRun(100, 1);
    MemoryFiles good = new MemoryFiles();
    run.write(new CheckpointStore(good), 100, 1);
    run.write(new CheckpointStore(good), 200, 2);
    for (String name : namesOf(good, "step-000200/")) {
      MemoryFiles files = good.copy();
      files.contents.remove(name);
      List<String> warnings = new ArrayList<>();
      CheckpointStore store = new CheckpointStore(files, warnings::add, p -> {});
      assertThat(store.latestWhole().orElseThrow().step()).isEqualTo(100);
      assertThat(warnings).singleElement().asString().contains(name);
    }
  }

  @Test
  void fault_33_anyFlippedBitIsNoticed() throws IOException {
    SampleRun run = new SampleRun(60, 1);
    MemoryFiles good = new MemoryFiles();
    run.write(new CheckpointStore(good), 100, 1);
    run.write(new CheckpointStore(good), 200, 2);
    for (String name : namesOf(good, "step-000200/")) {
      byte[] bytes = good.contents.get(name);
      for (int at = 0; at < bytes.length; at++) {
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) (1 << (at % 8));
        assertIgnored(run, good, name, flipped, -1);
      }
    }
  }

  @Test
  void fault_33_theWarningNamesTheBlock() throws IOException {
    SampleRun run = new SampleRun(100_000, 1);
    MemoryFiles files = new MemoryFiles();
    run.write(new CheckpointStore(files), 100, 1);
    run.write(new CheckpointStore(files), 200, 1);
    files.contents.get("step-000200/shard-0.safetensors")[300_000] ^= 4;
    List<String> warnings = new ArrayList<>();
    CheckpointStore store = new CheckpointStore(files, warnings::add, p -> {});
    assertThat(store.latestWhole().orElseThrow().step()).isEqualTo(100);
    int block = 300_000 / Fingerprint.BLOCK_BYTES * Fingerprint.BLOCK_BYTES;
    assertThat(warnings)
        .singleElement()
        .asString()
        .contains("step-000200/shard-0.safetensors")
        .contains("damaged at offset " + block);
    assertThat(store.verify(200)).singleElement().asString().contains("offset " + block);
  }

  @Test
  @EnabledForJreRange(max = JRE.JAVA_23)
  void fault_33_theLocalHadoopFileSystemsOwnChecksumIsNoOtherError() throws IOException {
    SampleRun run = new SampleRun(50_000, 1);
    HadoopFiles files = new HadoopFiles(folder.toUri().toString(), new Configuration());
    List<String> warnings = new ArrayList<>();
    CheckpointStore store = new CheckpointStore(files, warnings::add, p -> {});
    run.write(store, 100, 1);
    run.write(store, 200, 1);
    Path shard = folder.resolve("step-000200/shard-0.safetensors");
    byte[] bytes = Files.readAllBytes(shard);
    bytes[100_000] ^= 2;
    Files.write(shard, bytes);
    assertThat(store.latestWhole().orElseThrow().step()).isEqualTo(100);
    assertThat(warnings).singleElement().asString().contains("damaged at offset");
  }

  @Test
  void fault_34_listingsThatLagOrInvent() throws IOException {
    SampleRun run = new SampleRun(1000, 1);
    MemoryFiles files = new MemoryFiles();
    CheckpointStore store = new CheckpointStore(files, w -> {}, p -> {});
    run.write(store, 100, 2);
    run.write(store, 200, 2);
    files.inventedInRoot =
        List.of("step-000300", "step-000200", "step-0003", "step-999999999999999999", "x");
    assertThat(store.latestWhole().orElseThrow().step()).isEqualTo(200);
    files.hiddenFromList = List.of("shard-0.safetensors", "manifest.json", "state.json");
    assertThat(run.matches(store.latestWhole().orElseThrow())).isTrue();
    store.retain(1, OptionalLong.empty());
    assertThat(store.latestWhole().orElseThrow().step()).isEqualTo(200);
    files.hiddenFromList = List.of("step-000200");
    files.inventedInRoot = List.of();
    run.write(store, 300, 2);
    files.hiddenFromList = List.of("step-000300");
    Checkpoint seen = store.latestWhole().orElseThrow();
    assertThat(seen.step()).as("a lagging list costs steps, never a mix").isEqualTo(200);
    assertThat(run.matches(seen)).isTrue();
  }

  @Test
  @EnabledForJreRange(max = JRE.JAVA_23)
  void fault_34_noRenameIsEverAskedFor() throws IOException {
    Configuration configuration = new Configuration(false);
    configuration.setClass("fs.faultfs.impl", FaultFs.class, org.apache.hadoop.fs.FileSystem.class);
    HadoopFiles files = new HadoopFiles("faultfs://" + folder.toAbsolutePath(), configuration);
    SampleRun run = new SampleRun(1000, 1);
    CheckpointStore store = new CheckpointStore(files, w -> {}, p -> {});
    for (long step = 1; step <= 4; step++) {
      run.write(store, step, 2);
      store.retain(2, OptionalLong.of(1));
    }
    assertThat(run.matches(store.latestWhole().orElseThrow())).isTrue();
    assertThat(store.steps()).containsExactly(5L, 4L, 3L, 1L); // 5 is the list's lie
    assertThat(store.latestWhole().orElseThrow().step()).isEqualTo(4);
  }

  /** A local file system whose rename fails and whose listing names a folder that is not there. */
  public static final class FaultFs extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("faultfs:///");
    }

    @Override
    public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to) {
      throw new UnsupportedOperationException("this file system has no rename");
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path path) throws IOException {
      FileStatus[] real = super.listStatus(path);
      if (real.length == 0 || path.getName().startsWith("step-")) {
        return real;
      }
      FileStatus[] lying = Arrays.copyOf(real, real.length + 1);
      lying[real.length] =
          new FileStatus(0, true, 1, 1, 0, new org.apache.hadoop.fs.Path(path, "step-000005"));
      return lying;
    }
  }

  private static List<String> namesOf(MemoryFiles files, String prefix) {
    return files.contents.keySet().stream().filter(path -> path.startsWith(prefix)).toList();
  }

  private static List<Integer> cuts(int length) {
    List<Integer> cuts = new ArrayList<>();
    for (int cut = 0; cut < length; cut += PAGE_BYTES) {
      cuts.add(cut);
    }
    cuts.add(length - 1);
    return cuts;
  }

  private static void assertIgnored(
      SampleRun run, MemoryFiles good, String name, byte[] damaged, long offset)
      throws IOException {
    MemoryFiles files = good.copy();
    files.contents.put(name, damaged);
    List<String> warnings = new ArrayList<>();
    CheckpointStore store = new CheckpointStore(files, warnings::add, p -> {});
    Checkpoint found = store.latestWhole().orElseThrow();
    assertThat(found.step()).as("%s damaged", name).isEqualTo(100);
    assertThat(run.matches(found)).isTrue();
    assertThat(warnings).singleElement().asString().contains(name);
    if (offset >= 0 && !name.endsWith("manifest.json")) {
      assertThat(warnings.get(0)).contains("offset " + offset);
    }
  }
}
