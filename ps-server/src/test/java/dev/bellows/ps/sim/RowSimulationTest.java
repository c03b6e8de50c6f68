package dev.bellows.ps.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.client.SimRows;
import dev.bellows.ps.client.StaleException;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.RowMessage;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.RowMap;
import dev.bellows.ps.shard.RowSet;
import dev.bellows.ps.shard.ShardMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Sparse tables over a network that loses, doubles, delays, overtakes, flips bits and cuts, with
 * tasks that die, or seem to, and are replaced by others with other slices: every row that is ever
 * read is that of the truth, bit by bit. The dense vector beside the table is played by a step that
 * moves on when all slices have pushed their rows; a replaced task learns there that it is over.
 */
class RowSimulationTest {
  private static final int STEPS = 8;
  private static final long POLL_NANOS = 40 * SimWorld.MS;

  /** One run. */
  private static final class Run {
    final SimRandom random;
    final SimWorld world;
    final SimNetwork network;
    final RowWorkload work;
    final ClientOptions options;
    final List<Task> tasks = new ArrayList<>();
    final BitSet arrived = new BitSet();
    final int replacements;
    long denseStep;

    Run(long seed, Faults faults) {
      random = new SimRandom(seed);
      world = new SimWorld(random);
      network = new SimNetwork(world, faults);
      int shards = random.between(1, 4);
      work =
          new RowWorkload(
              seed,
              random.between(3, 60),
              random.between(1, 5),
              random.between(1, 9),
              random.between(1, 12),
              random.pick(
                  List.of(
                      OptimizerSpec.Kind.SGD,
                      OptimizerSpec.Kind.ADAGRAD,
                      OptimizerSpec.Kind.ADAM)));
      List<ShardAddress> placement = new ArrayList<>();
      for (int shard = 0; shard < shards; shard++) {
        placement.add(network.addHost().address);
      }
      options =
          ClientOptions.of("run", 1, ShardMap.of(shards * 1024, shards), placement)
              .deadlines(Duration.ofSeconds(60), Duration.ofMillis(60));
      RowMap map = RowMap.of(work.table.buckets(), shards);
      for (int shard = 0; shard < shards; shard++) {
        if (map.from(shard) < map.to(shard)) {
          Target target = new Target("run", shard, 1);
          ask(
              shard,
              new RowMessage.CreateTable(target, 0, map.from(shard), map.to(shard), work.table));
          ask(shard, new RowMessage.Control(target, 0, RowMessage.Action.SEAL, 0));
        }
      }
      replacements = faults.replacements();
      begin();
    }

    private void ask(int shard, Message request) {
      network
          .hosts()
          .get(shard)
          .server
          .handle(
              0,
              0,
              request,
              (connection, id, answer) -> assertThat(answer).isInstanceOf(Message.Done.class));
    }

    /** Starts tasks over all slices at the step of the dense vector. */
    void begin() {
      tasks.clear();
      int from = 0;
      while (from < work.table.slices()) {
        int to = random.between(from + 1, work.table.slices());
        tasks.add(new Task(this, from, to, denseStep));
        from = to;
      }
    }

    /** All tasks are lost, or only seem to be; others take their slices over. */
    void replace() {
      for (Task task : tasks) {
        if (random.chance(0.5)) {
          task.close();
        } else {
          task.zombie = true;
        }
      }
      begin();
    }

    /** A task has pushed its rows, and now its part of the dense vector. */
    void pushDense(Task pushing) {
      if (pushing.step < denseStep) {
        pushing.next(); // the tasks before it had pushed the step already
        return;
      }
      arrived.set(pushing.from, pushing.to);
      if (arrived.cardinality() == work.table.slices()) {
        arrived.clear();
        denseStep++;
        for (Task task : tasks) {
          task.next();
        }
      }
    }

    void play() {
      long limit = 400_000;
      for (int i = 0; i < replacements; i++) {
        world.after((long) (random.unit() * 400 * SimWorld.MS), this::replace);
      }
      while (tasks.stream().anyMatch(task -> !task.done) && world.handled() < limit) {
        assertThat(world.step()).isTrue();
      }
      assertThat(tasks).allMatch(task -> task.done, "reached the last step");
    }
  }

  /** Pull, compute, push, until the last step is there. */
  private static final class Task {
    final Run run;
    final int from;
    final int to;
    final SimRows client;
    long step;
    boolean zombie;
    boolean done;
    private boolean over;
    private boolean pushing;
    private boolean computing;
    private boolean pushed;
    private RowSet set = RowSet.EMPTY;
    private float[] rows = {};

    Task(Run run, int from, int to, long step) {
      this.run = run;
      this.from = from;
      this.to = to;
      this.step = step;
      this.client = new SimRows(run.options, run.work.table, run.network.connector(this::poke));
      pull();
      poll();
    }

    void close() {
      over = true;
      client.close();
    }

    private void poll() {
      if (!over) {
        poke();
        run.world.after(POLL_NANOS, this::poll);
      }
    }

    /** The dense vector has moved on. */
    void next() {
      if (pushed) {
        pushed = false;
        step++;
        pull();
      }
    }

    private void pull() {
      pushing = false;
      set = run.work.set(step, from, to);
      rows = new float[set.size() * run.work.table.width()];
      client.pull(step, set.keys(), rows);
    }

    private void poke() {
      if (over || computing || pushed) {
        return;
      }
      try {
        while (!over && !computing && !pushed && client.advance(run.world.now())) {
          finished();
        }
      } catch (StaleException e) {
        assertThat(zombie).as(e.getMessage()).isTrue();
        assertThat(e.code()).isEqualTo(PsErrorCode.STALE_STEP);
        close();
      }
    }

    private void finished() {
      if (pushing && zombie) {
        close(); // its dense push is refused: another task joined
        return;
      }
      if (pushing) {
        pushed = true;
        run.pushDense(this);
        return;
      }
      assertThat(rows)
          .as("rows that task %d-%d read at version %d", from, to, step)
          .isEqualTo(run.work.rows(step, set.keys()));
      if (step == STEPS) {
        done = true;
        close();
        return;
      }
      computing = true;
      run.world.after(
          (long) (run.random.unit() * 5 * SimWorld.MS),
          () -> {
            computing = false;
            if (!over) {
              pushing = true;
              client.push(step, run.work.sums(step, from, to, set, rows));
              poke();
            }
          });
    }
  }

  private static void run(long seed, Faults faults) {
    Run run = new Run(seed, faults);
    run.play();
  }

  @Test
  void quietNetwork() {
    Seeds.forEach("RowSimulationTest#quietNetwork", 60, seed -> run(seed, Faults.NONE));
  }

  @Test
  void lossyNetworkAndReplacedTasks() {
    Seeds.forEach(
        "RowSimulationTest#lossyNetworkAndReplacedTasks",
        300,
        seed -> run(seed, new Faults(0.08, 0.08, 0.02, 30, 0.01, 3, true, 0)));
  }
}
