package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Tree;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The definition of one kind of layer: its name in files, its options and what it adds to a graph.
 *
 * <pre>
 * LayerType.named("scale", "Each value times a trained factor of its channel.")
 *     .option(Option.flag("per_channel", true, "One factor per channel, else one for all."))
 *     .body(
 *         c -&gt; {
 *           Node x = c.input();
 *           int width = c.flag("per_channel") ? x.shape().dim(-1) : 1;
 *           Node factor = c.parameter("factor", Shape.of(width), Initializer.ONE, false, 1, 1);
 *           return c.graph().mul(x, factor);
 *         });
 * </pre>
 *
 * <p>Every type also has the options of {@link #COMMON}. Types are compared by identity; find them
 * with {@link Layers#of}.
 */
public final class LayerType {
  /** Adds a layer to a graph and gives its output. */
  @FunctionalInterface
  public interface Body {
    /** Adds the nodes of one layer; what does not fit is thrown with {@link LayerContext#wrong}. */
    Node build(LayerContext context);
  }

  /** Options that every layer has. */
  static final List<Option> COMMON =
      List.of(
          Option.word("name", "Name of the layer, for inputs of others and for its parameters.")
              .optional(),
          Option.texts(
                  "inputs", "Names of the layers or inputs that it reads; else the layer before.")
              .optional(),
          Option.word("weights_of", "Layer whose weight it uses, transposed where that fits only.")
              .optional(),
          Option.word(
                  "weight_norm",
                  "Its weights [..., out] divided: weight, each column by its length times a trained scale (Salimans and Kingma, 2016); spectral, by the largest singular value, one power iteration per step (Miyato et al., 2018).",
                  "weight",
                  "spectral")
              .optional(),
          Option.word("shared_with", "Layer of the same type whose parameters it all uses.")
              .optional(),
          optionalFlag("trainable", "false: its parameters stay as they are."),
          Option.real("learning_rate_factor", "Factor of the learning rate for its parameters.")
              .in(Option.Range.NOT_NEGATIVE)
              .optional(),
          optionalFlag("weight_decay", "false: no decay and no penalty on its weights."),
          Option.word(
                  "recompute",
                  "Layers of the same word form a block that is computed again in the backward pass"
                      + " instead of kept (T. Chen et al., 2016).")
              .optional());

  private static Option optionalFlag(String name, String doc) {
    return new Option(
        name, Option.Kind.FLAG, doc, null, true, Option.Range.ANY, List.of(), 0, "", Set.of());
  }

  private final String id;
  private final String doc;
  private final List<Option> options;
  private final int mostInputs;
  private final boolean keepsShape;
  private final Body body;

  private LayerType(
      String id, String doc, List<Option> options, int mostInputs, boolean keepsShape, Body body) {
    this.id = id;
    this.doc = doc;
    this.options = List.copyOf(options);
    this.mostInputs = mostInputs;
    this.keepsShape = keepsShape;
    this.body = body;
  }

  /** Starts the definition of a type that reads one input. */
  static Definition named(String id, String doc) {
    return new Definition(id, doc);
  }

  /** A type under construction. */
  static final class Definition {
    private final String id;
    private final String doc;
    private final List<Option> options = new ArrayList<>();
    private int mostInputs = 1;
    private boolean keepsShape;

    private Definition(String id, String doc) {
      this.id = id;
      this.doc = doc;
    }

    /** Adds an option; it is read after those added before it. */
    Definition option(Option option) {
      options.add(option);
      return this;
    }

    /** Allows up to {@code most} inputs. */
    Definition inputs(int most) {
      mostInputs = most;
      return this;
    }

    /** Says that the output always has the shape of the first input. */
    Definition keepsShape() {
      keepsShape = true;
      return this;
    }

    /** Finishes the definition. */
    LayerType body(Body body) {
      return new LayerType(id, doc, options, mostInputs, keepsShape, body);
    }
  }

  /** The name in files, for example {@code batch_norm}. */
  public String id() {
    return id;
  }

  /** One sentence for people. */
  public String doc() {
    return doc;
  }

  /** The options of this type, without {@link #COMMON}. */
  public List<Option> options() {
    return options;
  }

  /** The options of this type and those that every type has. */
  public List<Option> allOptions() {
    List<Option> all = new ArrayList<>(options);
    all.addAll(COMMON);
    return all;
  }

  /** Most inputs that a layer may read. */
  public int mostInputs() {
    return mostInputs;
  }

  /**
   * The options given, checked and completed with the defaults.
   *
   * @throws dev.bellows.engine.nn.NetworkException naming the option that is missing, unknown, of
   *     the wrong type or out of range
   */
  public Map<String, Object> complete(Map<String, Object> given) {
    Tree tree = new Tree(id, given);
    Map<String, Object> all = new LinkedHashMap<>();
    for (Option option : options) {
      option.read(id, tree, all);
    }
    for (Option option : COMMON) {
      option.read(id, tree, all);
    }
    tree.done();
    return Collections.unmodifiableMap(all);
  }

  /** Whether the output always has the shape of the first input. */
  public boolean keepsShape() {
    return keepsShape;
  }

  /** Adds a layer of this type to the context's graph. */
  public Node build(LayerContext context) {
    return body.build(context);
  }

  @Override
  public String toString() {
    return id;
  }
}
