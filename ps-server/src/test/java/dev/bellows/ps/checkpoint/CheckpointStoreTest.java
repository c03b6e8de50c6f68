package dev.bellows.ps.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.NioFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

class CheckpointStoreTest {

  private final SampleRun run = new SampleRun(10_000, 2);

  @TempDir Path folder;

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    assertRoundTrip(new NioFiles(folder.resolve("checkpoints")));
    assertThat(folder.resolve("checkpoints/step-000400"))
        .isDirectoryContaining("glob:**/shard-0.safetensors")
        .isDirectoryContaining("glob:**/shard-2.safetensors")
        .isDirectoryContaining("glob:**/state.json")
        .isDirectoryContaining("glob:**/manifest.json");
  }

  @Test
  @EnabledForJreRange(max = JRE.JAVA_23) // Hadoop 3.4 needs Subject.getSubject
  void whatIsWrittenThroughHadoopIsReadBack() throws IOException {
    assertRoundTrip(new HadoopFiles(folder.resolve("h").toUri().toString(), new Configuration()));
  }

  @Test
  @EnabledForJreRange(max = JRE.JAVA_23)
  void bothFileLayersWriteTheSameBytes() throws IOException {
    run.write(new CheckpointStore(new NioFiles(folder.resolve("n"))), 7, 2);
    run.write(
        new CheckpointStore(
            new HadoopFiles(folder.resolve("h").toUri().toString(), new Configuration())),
        7,
        2);
    for (String name : List.of("shard-0.safetensors", "state.json", "manifest.json")) {
      assertThat(folder.resolve("n/step-000007/" + name))
          .hasSameBinaryContentAs(folder.resolve("h/step-000007/" + name));
    }
  }

  private void assertRoundTrip(FolderFiles files) throws IOException {
    CheckpointStore store = new CheckpointStore(files);
    assertThat(store.latestWhole()).isEmpty();
    run.write(store, 200, 1);
    run.write(store, 400, 3);
    Checkpoint latest = store.latestWhole().orElseThrow();
    assertThat(latest.step()).isEqualTo(400);
    assertThat(run.matches(latest)).isTrue();
    assertThat(latest.state())
        .containsEntry("learning_rate", 0.1 + 0.2)
        .containsEntry("best", null);
    assertThat(run.matches(store.load(200))).isTrue();
    assertThat(store.steps()).containsExactly(400L, 200L);
    assertThat(store.verify(400)).isEmpty();
    assertThat(store.begin(400)).as("a whole checkpoint stands already").isFalse();
  }

  @Test
  void anotherNumberOfShardsReadsTheSameElements() throws IOException {
    CheckpointStore store = new CheckpointStore(new MemoryFiles());
    run.write(store, 1, 3);
    Checkpoint checkpoint = store.load(1);
    ShardPart part = checkpoint.part(1, 1024, 9000);
    assertThat(part.values()).hasSize(9000 - 1024).startsWith(run.value(1, 0, 1024));
    assertThat(part.slots()[1]).endsWith(run.value(1, 2, 8999));
    assertThat(checkpoint.part(5, 10_000, 10_000).values()).as("a shard may be empty").isEmpty();
    assertThatThrownBy(() -> checkpoint.part(0, 0, 10_001)).hasMessageContaining("0..10000");
  }

  @Test
  void anEmptyShardHasItsFileToo() throws IOException {
    CheckpointStore store = new CheckpointStore(new MemoryFiles());
    SampleRun small = new SampleRun(3, 1);
    List<CheckpointFile> files = new ArrayList<>();
    files.add(store.writeShard(5, small.parts(5, 1).get(0)));
    files.add(store.writeShard(5, new ShardPart(1, 3, new float[0], new float[1][0])));
    store.commit(5, 3, 1, files, small.state(5));
    assertThat(small.matches(store.latestWhole().orElseThrow())).isTrue();
  }

  @Test
  void shardsThatDoNotCoverTheVectorAreNotCommitted() throws IOException {
    CheckpointStore store = new CheckpointStore(new MemoryFiles());
    List<CheckpointFile> files = new ArrayList<>();
    files.add(store.writeShard(5, run.parts(5, 2).get(1)));
    assertThatThrownBy(() -> store.commit(5, run.length(), run.slots(), files, run.state(5)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("shard-1.safetensors holds 5000 to 10000, expected it to begin at 0");
    assertThat(store.latestWhole()).isEmpty();
  }

  @Test
  void keepsTheNewestAndTheBest() throws IOException {
    CheckpointStore store = new CheckpointStore(new NioFiles(folder));
    for (long step = 100; step <= 600; step += 100) {
      run.write(store, step, 2);
      store.retain(2, OptionalLong.of(200));
    }
    assertThat(store.steps()).containsExactly(600L, 500L, 200L);
    store.retain(1, OptionalLong.empty());
    assertThat(store.steps()).containsExactly(600L);
  }

  @Test
  void retentionNeverDeletesTheLastWholeOne() throws IOException {
    MemoryFiles files = new MemoryFiles();
    CheckpointStore store = new CheckpointStore(files, w -> {}, p -> {});
    run.write(store, 100, 2);
    run.write(store, 200, 2);
    files.contents.get("step-000200/shard-1.safetensors")[4000] ^= 1;
    store.retain(1, OptionalLong.empty());
    assertThat(store.latestWhole().orElseThrow().step()).isEqualTo(100);
    run.write(store, 300, 2);
    store.retain(1, OptionalLong.empty());
    assertThat(store.steps()).as("damaged and old ones go").containsExactly(300L);
  }

  @Test
  void foreignFilesAreNeverDeleted() throws IOException {
    CheckpointStore store = new CheckpointStore(new NioFiles(folder));
    run.write(store, 100, 1);
    Path notes = folder.resolve("step-000100/notes.txt");
    Files.writeString(notes, "mine");
    Files.createDirectories(folder.resolve("my-step-000100"));
    run.write(store, 200, 1);
    store.retain(1, OptionalLong.empty());
    assertThat(notes).hasContent("mine");
    assertThat(folder.resolve("my-step-000100")).exists();
    assertThat(store.latestWhole().orElseThrow().step()).isEqualTo(200);
  }

  @Test
  void aNewerFormatIsNotSkippedSilently() throws IOException {
    MemoryFiles files = new MemoryFiles();
    CheckpointStore store = new CheckpointStore(files, w -> {}, p -> {});
    run.write(store, 100, 1);
    run.write(store, 200, 1);
    String path = "step-000200/manifest.json";
    String text = new String(files.contents.get(path), StandardCharsets.UTF_8);
    var tree = dev.bellows.engine.model.Json.parseObject(text, "t");
    tree.remove("crc32c");
    tree.put("version", 3L);
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(dev.bellows.engine.model.Json.pretty(tree).getBytes(StandardCharsets.UTF_8));
    tree.put("crc32c", java.util.HexFormat.of().toHexDigits((int) crc.getValue()));
    files.contents.put(
        path, dev.bellows.engine.model.Json.pretty(tree).getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(store::latestWhole)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("checkpoint format 3")
        .hasMessageContaining("upgrade")
        .extracting(e -> ((CheckpointException) e).kind())
        .isEqualTo(CheckpointException.Kind.TOO_NEW);
  }

  @Test
  void pathsStayBelowTheRoot() {
    NioFiles files = new NioFiles(folder.resolve("inside"));
    assertThatThrownBy(() -> files.create("../outside"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must stay below");
  }
}
