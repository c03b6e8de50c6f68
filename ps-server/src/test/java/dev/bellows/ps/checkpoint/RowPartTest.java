package dev.bellows.ps.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.NioFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of sparse tables in checkpoints. */
class RowPartTest {
  private final SampleRun run = new SampleRun(100, 1);

  @TempDir Path folder;

  private CheckpointStore store() {
    return new CheckpointStore(new NioFiles(folder));
  }

  private static RowPart part(int table, int part) {
    return new RowPart(
        table,
        part,
        2,
        new long[] {Long.MIN_VALUE + part, -1, 0x0123456789ABCDEFL},
        new long[] {1, 65_536, Integer.MAX_VALUE},
        new float[] {1, 2, 3, 4, 5, 6, part, -0f, Float.MIN_VALUE, 10, 11, 12});
  }

  private void write(CheckpointStore store, long step, RowPart... rows) throws IOException {
    store.begin(step);
    List<CheckpointFile> files = new ArrayList<>();
    for (ShardPart shard : run.parts(step, 2)) {
      files.add(store.writeShard(step, shard));
    }
    for (RowPart part : rows) {
      files.add(store.writeRows(step, part));
    }
    store.commit(step, 100, 1, files, run.state(step));
  }

  private static List<RowPart> read(CheckpointStore store, long step, int table)
      throws IOException {
    List<RowPart> parts = new ArrayList<>();
    store.readRows(step, parts::add);
    parts.removeIf(part -> part.table() != table);
    return parts;
  }

  @Test
  void rowsAreReadBackBesideTheDenseVector() throws IOException {
    CheckpointStore store = store();
    RowPart empty = new RowPart(2, 0, 5, new long[0], new long[0], new float[0]);
    List<RowPart> eleven = new ArrayList<>();
    for (int i = 0; i < 11; i++) { // in order of numbers, not of names
      eleven.add(part(1, i));
    }
    eleven.add(0, part(0, 0));
    write(store, 7, eleven.toArray(new RowPart[0]));
    write(store, 8, empty);
    assertThat(run.matches(store.load(7))).isTrue();
    assertThat(read(store, 7, 0)).usingRecursiveComparison().isEqualTo(List.of(part(0, 0)));
    assertThat(read(store, 7, 1))
        .usingRecursiveComparison()
        .isEqualTo(eleven.subList(1, eleven.size()));
    assertThat(read(store, 7, 3)).isEmpty();
    assertThat(read(store, 8, 2)).singleElement().extracting(p -> p.keys().length).isEqualTo(0);
    assertThat(store.verify(7)).isEmpty();
    store.retain(1, OptionalLong.empty());
    assertThat(folder.resolve("step-000007")).doesNotExist();
  }

  @Test
  void damagedRowsMakeACheckpointThatIsIgnored() throws IOException {
    CheckpointStore store = store();
    write(store, 7, part(0, 0));
    Path file = folder.resolve("step-000007/rows-0-0.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 5] ^= 1;
    Files.write(file, bytes);
    assertThat(store.verify(7))
        .singleElement()
        .asString()
        .contains("rows-0-0", "damaged at offset");
    assertThatThrownBy(() -> read(store, 7, 0))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("checksum does not match");
  }

  @Test
  void digitsHoldAnyWholeNumberAndNothingElse() {
    long[] numbers = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0xFFFF0000L};
    assertThat(RowPart.numbers(RowPart.digits(numbers))).isEqualTo(numbers);
    for (float digit : new float[] {-1, 65_536, 0.5f, Float.NaN}) {
      assertThatThrownBy(() -> RowPart.numbers(new float[] {digit, 0, 0, 0}))
          .hasMessageContaining("0..65535");
    }
    assertThatThrownBy(() -> new RowPart(0, 0, 2, new long[1], new long[1], new float[3]))
        .hasMessageContaining("whole rows of width 2");
  }
}
