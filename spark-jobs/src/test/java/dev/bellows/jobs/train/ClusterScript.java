package dev.bellows.jobs.train;

import dev.bellows.jobs.cluster.ShardRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.CollectionConverters;

/**
 * What a test does to the executors of its driver, each when a step of the epoch is reached: {@code
 * 5=kill, 12=total=2, 20=decommission}. {@code kill} and {@code total} are Spark's own calls for
 * dynamic allocation ({@code killExecutors} of the first executor, {@code requestTotalExecutors});
 * {@code decommission} is the signal that a cluster manager sends to the first executor.
 */
final class ClusterScript {
  private record Action(long step, String what) {}

  private final SparkContext context;
  private final Deque<Action> actions = new ArrayDeque<>();

  private ClusterScript(SparkContext context) {
    this.context = context;
  }

  /** A line of {@link TopologyMain} for two shards. */
  static String line(
      String name, String master, Path config, String sets, String failpoints, String actions) {
    return "%s | %s | %s | distributed.shards=2 %s | %s | | %s"
        .formatted(name, master, config, sets, failpoints, actions);
  }

  static ClusterScript parse(SparkSession session, String text) {
    ClusterScript script = new ClusterScript(session.sparkContext());
    for (String item : text.isEmpty() ? new String[0] : text.split(",")) {
      String[] parts = item.trim().split("=", 2);
      script.actions.add(new Action(Long.parseLong(parts[0]), parts[1]));
    }
    return script;
  }

  /** Does what is due. */
  void at(long step) {
    while (!actions.isEmpty() && actions.element().step() <= step) {
      act(actions.remove().what());
    }
  }

  private void act(String what) {
    List<ShardRegistry.Member> members = ShardRegistry.current().members();
    System.out.println("ACTION " + what + " with " + members);
    if (what.equals("kill")) {
      List<String> first = List.of(members.get(0).executorId());
      context.killExecutors(CollectionConverters.asScala(first).toSeq());
    } else if (what.startsWith("total=")) {
      context.requestTotalExecutors(
          Integer.parseInt(what.substring("total=".length())),
          0,
          scala.collection.immutable.Map$.MODULE$.empty());
    } else if (what.equals("decommission")) {
      signal("-PWR", members.get(0).pid());
    } else {
      throw new IllegalArgumentException("unknown action " + what);
    }
  }

  /** Sends a signal to a process of a test. */
  static void signal(String name, long pid) {
    try {
      new ProcessBuilder("kill", name, Long.toString(pid)).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Prints what Spark's own page shows of stragglers. */
  static void printStragglers(SparkSession session) {
    List<String> seen = new ArrayList<>();
    CollectionConverters.asJava(session.sparkContext().statusStore().jobsList(null))
        .forEach(job -> job.description().foreach(text -> seen.add(text)));
    seen.stream()
        .filter(text -> text.contains("straggler"))
        .distinct()
        .forEach(text -> System.out.println("UI " + text));
  }
}
