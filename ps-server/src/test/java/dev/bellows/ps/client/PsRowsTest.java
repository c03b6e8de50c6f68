package dev.bellows.ps.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.protocol.FrameHeader;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.MessageCodec;
import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.server.Counter;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.RowSet;
import dev.bellows.ps.shard.RowStart;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.SparseSum;
import dev.bellows.ps.sim.RowWorkload;
import dev.bellows.ps.sim.SimRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sparse tables by real threads over the in-process connector, compared with one plain map. */
class PsRowsTest {
  private static ClientOptions options(int shards, long incarnation) {
    return ClientOptions.of(
            "run",
            incarnation,
            ShardMap.of(1, shards),
            Collections.nCopies(shards, ShardAddress.LOCAL))
        .deadlines(Duration.ofSeconds(20), Duration.ofSeconds(5));
  }

  private static void task(
      RowWorkload work, PsRows client, int from, int to, long firstStep, long lastStep) {
    for (long step = firstStep; ; step++) {
      RowSet set = work.set(step, from, to);
      float[] rows = new float[set.size() * work.table.width()];
      client.pull(step, List.of(set.keys()), List.of(rows));
      assertThat(rows).as("rows of step %d", step).isEqualTo(work.rows(step, set.keys()));
      if (step == lastStep) {
        return;
      }
      client.push(step, List.of(work.sums(step, from, to, set, rows)));
    }
  }

  private static void train(
      RowWorkload work, ClientOptions options, Connector connector, int tasks, long from, long to)
      throws Exception {
    synchronized (work) {
      work.version(to); // the truth is made once, not by every thread
    }
    ExecutorService threads = Executors.newFixedThreadPool(tasks);
    try {
      List<Future<?>> all = new ArrayList<>();
      int slices = work.table.slices();
      for (int t = 0; t < tasks; t++) {
        int first = slices * t / tasks;
        int end = slices * (t + 1) / tasks;
        all.add(
            threads.submit(
                () -> {
                  try (PsRows client = PsRows.open(options, List.of(work.table), connector)) {
                    task(work, client, first, end, from, to);
                  }
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** A copy of a table. */
  private record Saved(long[] keys, long[] updates, float[] rows) {}

  private static Saved save(PsTables tables, long step) {
    tables.snapshot(step);
    List<long[]> keys = new ArrayList<>();
    List<long[]> updates = new ArrayList<>();
    List<float[]> rows = new ArrayList<>();
    tables.read(
        step,
        0,
        (k, u, r) -> {
          keys.add(k);
          updates.add(u);
          rows.add(r);
        });
    tables.release(step);
    int n = keys.stream().mapToInt(k -> k.length).sum();
    int m = rows.stream().mapToInt(r -> r.length).sum();
    Saved saved = new Saved(new long[n], new long[n], new float[m]);
    int at = 0;
    int rowAt = 0;
    for (int i = 0; i < keys.size(); i++) {
      System.arraycopy(keys.get(i), 0, saved.keys, at, keys.get(i).length);
      System.arraycopy(updates.get(i), 0, saved.updates, at, keys.get(i).length);
      System.arraycopy(rows.get(i), 0, saved.rows, rowAt, rows.get(i).length);
      at += keys.get(i).length;
      rowAt += rows.get(i).length;
    }
    return saved;
  }

  @ParameterizedTest(name = "{0} slices, {1} buckets, {2} then {3} shards, {4} tasks, {5}")
  @CsvSource({
    "1, 1, 1, 1, 1, SGD",
    "8, 4, 1, 3, 2, ADAM",
    "8, 16, 3, 1, 3, ADAM",
    "7, 5, 8, 2, 4, ADAGRAD",
    "64, 16, 2, 4, 5, ADAM"
  })
  void anyNumberOfTasksAndShardsGivesTheBitsOfTheMapAndResumesOnOthers(
      int slices, int buckets, int shards, int later, int tasks, OptimizerSpec.Kind kind)
      throws Exception {
    RowWorkload work = new RowWorkload(slices, 50, 3, slices, buckets, kind);
    List<TableSpec> specs = List.of(work.table);
    Saved saved;
    ShardServer first = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (InProcessConnector connector = new InProcessConnector(first);
        PsTables tables = PsTables.open(options(shards, 1), specs, connector)) {
      tables.create();
      tables.seal(0);
      train(work, options(shards, 1), connector, tasks, 0, 7);
      saved = save(tables, 7);
      assertThat(tables.status()).allMatch(s -> s.version() == 7 && s.newestVersion() == 7);
      tables.drop();
      assertThat(first.allocatedBytes()).isZero();
    }
    int width = work.table.width();
    int stride = saved.rows.length / saved.keys.length;
    Set<Long> seen = new HashSet<>();
    for (int i = 0; i < saved.keys.length; i++) {
      RowWorkload.Row row = work.version(7).get(saved.keys[i]);
      assertThat(seen.add(saved.keys[i])).isTrue();
      assertThat(saved.updates[i]).isEqualTo(row.updates());
      for (int k = 0; k < stride; k++) {
        float expected = k < width ? row.values()[k] : row.slots()[k / width - 1][k % width];
        assertThat(saved.rows[i * stride + k]).isEqualTo(expected);
      }
    }
    assertThat(seen).isEqualTo(work.version(7).keySet());

    ShardServer second = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (InProcessConnector connector = new InProcessConnector(second);
        PsTables tables = PsTables.open(options(later, 2), specs, connector)) {
      tables.create();
      tables.put(0, saved.keys, saved.updates, saved.rows);
      tables.seal(7);
      train(work, options(later, 2), connector, Math.max(1, tasks - 1), 7, 12);
    }
  }

  @Test
  void manyRowsGoInPiecesThatFitAFrame() {
    int width = 1000;
    UpdateSpec update = UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1), width);
    TableSpec spec =
        new TableSpec(width, 8, 1, 1, 1, 10_000, RowStart.Kind.ZERO.wire(), 0, 0, update.encode());
    long[] all = new long[2500];
    Arrays.setAll(all, i -> i);
    RowSet set = RowSet.of(all);
    float[] ones = new float[set.size() * width];
    Arrays.fill(ones, 1);
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    List<Integer> frames = Collections.synchronizedList(new ArrayList<>());
    try (InProcessConnector connector = new InProcessConnector(server);
        PsTables tables = PsTables.open(options(2, 1), List.of(spec), connector);
        PsRows client =
            PsRows.open(options(2, 1), List.of(spec), counting(connector, frames::add))) {
      tables.create();
      tables.seal(0);
      SparseSum sum = new SparseSum(1, width);
      sum.add(0, set.keys(), ones, 1, true);
      client.push(0, List.of(sum));
      float[] rows = new float[ones.length];
      client.pull(1, List.of(set.keys()), List.of(rows));
      assertThat(rows).containsOnly(-1f);
      assertThat(frames).hasSizeGreaterThan(8);
      assertThat(frames).allMatch(bytes -> bytes < FrameHeader.DEFAULT_MAX_FRAME_BYTES);
      assertThatThrownBy(() -> client.pull(1, List.of(set.keys()), List.of(new float[1])))
          .hasMessageContaining("need 2500000 elements");
    }
  }

  @Test
  @DisplayName("LAY-17 1e6 x 32 table, batch 256: 1.03x the bytes of the touched rows each way")
  void trafficOfALargeTable() {
    int width = 32;
    int batch = 256;
    int slices = 16;
    UpdateSpec update = UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 0.01), width);
    TableSpec spec =
        new TableSpec(
            width,
            16,
            slices,
            1,
            20,
            1_000_000,
            RowStart.Kind.NORMAL.wire(),
            0.05f,
            3,
            update.encode());
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    AtomicLong bytes = new AtomicLong();
    SimRandom random = new SimRandom(5);
    long touched = 0;
    try (InProcessConnector connector = new InProcessConnector(server);
        PsTables tables = PsTables.open(options(2, 1), List.of(spec), connector);
        PsRows client =
            PsRows.open(options(2, 1), List.of(spec), counting(connector, bytes::addAndGet))) {
      tables.create();
      tables.seal(0);
      for (long step = 0; step < 20; step++) {
        long[] keys = new long[batch];
        for (int i = 0; i < batch; i++) {
          keys[i] = random.below(1_000_000);
        }
        RowSet set = RowSet.of(keys);
        float[] rows = new float[set.size() * width];
        client.pull(step, List.of(set.keys()), List.of(rows));
        SparseSum sum = new SparseSum(slices, width);
        int share = batch / slices;
        for (int slice = 0; slice < slices; slice++) {
          long[] some = Arrays.copyOfRange(keys, slice * share, (slice + 1) * share);
          RowSet own = RowSet.of(some);
          sum.add(slice, own.keys(), new float[own.size() * width], share, true);
        }
        client.push(step, List.of(sum));
        touched += (long) set.size() * width * Float.BYTES;
      }
    }
    // a row comes once and its gradient goes once: both ways the numbers are 2x the rows' bytes
    double bothWays = bytes.get() / (2.0 * touched);
    assertThat(bothWays).isBetween(1.02, 1.035);
    assertThat(server.totals().of(Counter.STEPS_APPLIED)).isEqualTo(40); // of two shards
  }

  /** Counts the bytes of the frames that would go either way. */
  private static Connector counting(Connector inner, IntConsumer bytes) {
    return (address, receiver) -> {
      Connection connection =
          inner.connect(
              address,
              new Receiver() {
                @Override
                public void receive(long requestId, Message answer) {
                  bytes.accept(MessageCodec.frameBytes(answer));
                  receiver.receive(requestId, answer);
                }

                @Override
                public void closed(String reason) {
                  receiver.closed(reason);
                }
              });
      return new Connection() {
        @Override
        public void send(long requestId, Message request) {
          bytes.accept(MessageCodec.frameBytes(request));
          connection.send(requestId, request);
        }

        @Override
        public boolean isOpen() {
          return connection.isOpen();
        }

        @Override
        public void close() {
          connection.close();
        }
      };
    };
  }
}
