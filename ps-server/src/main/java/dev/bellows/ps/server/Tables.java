package dev.bellows.ps.server;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Opcode;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.RowMessage;
import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.RowMap;
import dev.bellows.ps.shard.RowStart;
import dev.bellows.ps.shard.TreeSum;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sparse tables of a server. Fenced by incarnation like the dense namespaces, and as
 * idempotent; they have no replicas, so a run whose shard with tables is lost rolls back to its
 * last checkpoint.
 */
final class Tables {
  private final ServerOptions options;
  private final Budgets budgets;
  private final Map<Key, Table> tables = new LinkedHashMap<>();
  private final long[] retired = new long[Counter.values().length];

  private record Key(String run, int shard, int table) {
    static Key of(Message.OfTable m) {
      return new Key(m.target().run(), m.target().shard(), m.table());
    }
  }

  Tables(ServerOptions options, Budgets budgets) {
    this.options = options;
    this.budgets = budgets;
  }

  /**
   * Handles a request.
   *
   * @param gone incarnation of the target that was dropped last, or null
   */
  void handle(
      long connection,
      long request,
      Message.OfTable m,
      long now,
      @Nullable Long gone,
      Effects out) {
    if (m.opcode() == Opcode.CREATE_TABLE) {
      create((RowMessage.CreateTable) m, now, gone, out);
      out.send(connection, request, new Message.Done(-1));
      return;
    }
    Table table = find(m);
    table.seenNanos = now;
    try {
      dispatch(table, connection, request, m, out);
    } catch (Refusal e) {
      boolean stale = e.code() == PsErrorCode.STALE_STEP;
      table.counters[(stale ? Counter.REQUESTS_STALE : Counter.REQUESTS_REFUSED).id()]++;
      throw e;
    }
  }

  private static void dispatch(
      Table table, long connection, long request, Message.OfTable m, Effects out) {
    switch (m.opcode()) {
      case PUSH_ROWS -> table.push(connection, request, (RowMessage.PushRows) m, out);
      case PULL_ROWS -> table.pull(connection, request, (RowMessage.PullRows) m, out);
      case PUT_ROWS -> {
        table.put((RowMessage.PutRows) m);
        out.send(connection, request, new Message.Done(-1));
      }
      case GET_ROWS -> out.send(connection, request, table.page((RowMessage.GetRows) m));
      case TABLE -> {
        RowMessage.Control control = (RowMessage.Control) m;
        switch (control.action()) {
          case SEAL -> out.send(connection, request, table.seal(control.step()));
          case STATUS -> out.send(connection, request, table.status());
          case SNAPSHOT -> table.snapshot(connection, request, control.step(), out);
          case RELEASE -> out.send(connection, request, table.release(control.step(), out));
        }
      }
      default -> throw new Refusal(PsErrorCode.BAD_OPCODE, "no handler for " + m.opcode());
    }
  }

  private Table find(Message.OfTable m) {
    Table table = tables.get(Key.of(m));
    if (table == null) {
      throw new Refusal(
          PsErrorCode.NO_SUCH_NAMESPACE,
          "this server does not hold table "
              + m.table()
              + " of "
              + m.target()
              + ": it was dropped, or the server restarted; roll back");
    }
    fence(m.target(), table);
    return table;
  }

  private static void fence(Target target, Table table) {
    long held = table.target.incarnation();
    if (target.incarnation() < held) {
      throw new Refusal(
          PsErrorCode.STALE_INCARNATION,
          target + " is over: incarnation " + held + " runs now; stop this task");
    }
    if (target.incarnation() > held) {
      throw new Refusal(
          PsErrorCode.NO_SUCH_NAMESPACE,
          "this server holds tables of incarnation " + held + " of " + target + ": roll back");
    }
  }

  private void create(RowMessage.CreateTable m, long now, @Nullable Long gone, Effects out) {
    if (gone != null && m.target().incarnation() <= gone) {
      throw new Refusal(
          PsErrorCode.STALE_INCARNATION,
          m.target() + " was dropped: use an incarnation above " + gone);
    }
    Key key = Key.of(m);
    Table old = tables.get(key);
    if (old != null && old.target.incarnation() >= m.target().incarnation()) {
      fence(m.target(), old);
      if (!old.madeBy(m)) {
        throw new Refusal(
            PsErrorCode.CONFLICT,
            "table "
                + m.table()
                + " of "
                + m.target()
                + " was created with other contents; use a larger incarnation");
      }
      return; // repeated
    }
    UpdateSpec update = check(m);
    if (old == null && tables.size() >= options.maxNamespaces()) {
      throw new Refusal(
          PsErrorCode.QUOTA,
          "this server holds " + tables.size() + " tables, its limit: drop finished runs");
    }
    if (old != null) {
      remove(key, old, PsErrorCode.STALE_INCARNATION, "was replaced by " + m.target(), out);
    }
    Table made = new Table(m, update, budgets.of(m.target().run()), options.maxWaiting());
    made.seenNanos = now;
    tables.put(key, made);
  }

  private static UpdateSpec check(RowMessage.CreateTable m) {
    TableSpec spec = m.spec();
    if (spec.width() < 1
        || spec.width() > RowMap.MAX_WIDTH
        || spec.buckets() < 1
        || spec.buckets() > RowMap.MAX_BUCKETS
        || spec.slices() < 1
        || spec.slices() > TreeSum.MAX_SLICES
        || spec.maxRows() < 1) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "a table has 1.."
              + RowMap.MAX_WIDTH
              + " elements a row, 1.."
              + RowMap.MAX_BUCKETS
              + " buckets, 1.."
              + TreeSum.MAX_SLICES
              + " slices and at least one row, found "
              + spec.width()
              + ", "
              + spec.buckets()
              + ", "
              + spec.slices()
              + " and "
              + spec.maxRows());
    }
    if (m.from() < 0 || m.to() <= m.from() || m.to() > spec.buckets()) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "buckets must be [from, to) with 0 <= from < to <= "
              + spec.buckets()
              + ", found ["
              + m.from()
              + ", "
              + m.to()
              + ")");
    }
    UpdateSpec update;
    try {
      new RowStart(RowStart.Kind.ofWire(spec.start()), spec.scale(), spec.seed());
      update = UpdateSpec.decode(spec.updateSpec());
    } catch (IllegalArgumentException e) {
      throw new Refusal(PsErrorCode.BAD_REQUEST, String.valueOf(e.getMessage()));
    }
    if (update.length() != spec.width()) {
      throw new Refusal(
          PsErrorCode.BAD_REQUEST,
          "the update of a row covers " + update.length() + " elements, a row has " + spec.width());
    }
    if (update.needsNorm() || update.nanPolicy() == NanPolicy.SKIP || update.emaDecay() > 0) {
      throw new Refusal(
          PsErrorCode.BAD_REQUEST,
          "sparse rows have no clipping by the global norm, no skipping of non-finite steps and no"
              + " average of values: clip by value and stop");
    }
    return update;
  }

  /** Forgets all tables of a target; true when there were some. */
  boolean drop(Target target, Effects out) {
    boolean any = false;
    for (Map.Entry<Key, Table> entry : new ArrayList<>(tables.entrySet())) {
      Key key = entry.getKey();
      Table table = entry.getValue();
      if (key.shard == target.shard() && key.run.equals(target.run())) {
        if (target.incarnation() < table.target.incarnation()) {
          fence(target, table);
        }
        remove(key, table, PsErrorCode.NO_SUCH_NAMESPACE, "was dropped", out);
        any = true;
      }
    }
    return any;
  }

  private void remove(Key key, Table table, PsErrorCode code, String why, Effects out) {
    tables.remove(key);
    retire(table);
    table.dispose(Refusal.failure(code, -1, -1, table.target + " " + why), out);
  }

  /** Drops tables that were idle for too long. */
  void tick(long now, Effects out) {
    Iterator<Table> all = tables.values().iterator();
    while (all.hasNext()) {
      Table table = all.next();
      if (now - table.seenNanos > options.idleDropNanos()) {
        all.remove();
        retire(table);
        table.dispose(
            Refusal.failure(
                PsErrorCode.NO_SUCH_NAMESPACE, -1, -1, table.target + " was idle too long"),
            out);
      }
    }
  }

  private void retire(Table table) {
    for (Counter counter : Counter.values()) {
      if (!counter.isLevel()) {
        counter.add(retired, counter.in(table.counters));
      }
    }
  }

  /** Forgets what waits for answers on a connection that is gone. */
  void closed(long connection) {
    for (Table table : tables.values()) {
      table.forget(connection);
    }
  }

  /** Adds what was counted. */
  void addTo(long[] sums) {
    for (Counter counter : Counter.values()) {
      counter.add(sums, counter.in(retired));
      for (Table table : tables.values()) {
        counter.add(sums, counter.in(table.counters));
      }
    }
  }
}
