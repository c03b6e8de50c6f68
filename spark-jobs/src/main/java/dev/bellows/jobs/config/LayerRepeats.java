package dev.bellows.jobs.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The layers of a network with every {@code repeat} written out.
 *
 * <p>A layer that is called {@code a} within a block of n repetitions becomes {@code a.1} to {@code
 * a.n}; within the block {@code a} means the one of the same repetition, after it the last. {@code
 * before} means what a repetition's first layer reads: the layer before it, or the network's input.
 */
final class LayerRepeats {
  static final String REPEAT = "repeat";
  static final String BEFORE = "before";
  private static final String NAME = "name";
  private static final String INPUTS = "inputs";
  private static final List<String> REFERENCES = List.of("weights_of", "shared_with");

  private final List<LayerConfig> layers = new ArrayList<>();
  private final Map<String, String> renamed = new HashMap<>();

  private LayerRepeats() {}

  /** Writes out a bound list of layers. */
  static LayerRepeats of(List<?> items) {
    LayerRepeats all = new LayerRepeats();
    for (Object item : items) {
      Bound bound = new Bound(Map.of("it", item));
      if (bound.chosen("it").equals(REPEAT)) {
        all.repeat(bound.settings("it"));
      } else {
        all.add(layer(item), all.renamed);
      }
    }
    return all;
  }

  /** Whether a layer had a problem of its own. */
  static boolean bad(List<?> items) {
    return items.stream()
        .anyMatch(
            item ->
                item == null
                    || item == Spec.BAD
                    || bad(new Bound(Map.of("it", item)).settings("it").list("layers"))
                    || new Bound(Map.of("it", item))
                        .settings("it")
                        .values()
                        .containsValue(Spec.BAD));
  }

  /** All layers in order. */
  List<LayerConfig> layers() {
    return layers;
  }

  /** Names of layers in blocks to those of their last repetition. */
  Map<String, String> renamed() {
    return renamed;
  }

  /** Every name that stands for a layer. */
  List<String> names() {
    List<String> names = new ArrayList<>(renamed.keySet());
    layers.forEach(
        layer -> {
          if (layer.options().get(NAME) instanceof String name) {
            names.add(name);
          }
        });
    return names;
  }

  private static LayerConfig layer(Object item) {
    Bound bound = new Bound(Map.of("it", item));
    Map<String, Object> options = new LinkedHashMap<>(bound.settings("it").values());
    options.values().removeIf(Objects::isNull); // unset options leave the choice to the layer
    return new LayerConfig(bound.chosen("it"), options);
  }

  private void repeat(Bound block) {
    List<LayerConfig> body = block.list("layers", LayerRepeats::layer);
    Set<String> own = new HashSet<>();
    body.forEach(layer -> own.add(String.valueOf(layer.options().get(NAME))));
    boolean reads =
        body.stream()
            .anyMatch(l -> l.options().get(INPUTS) instanceof List<?> n && n.contains(BEFORE));
    int times = block.count("times");
    for (int repetition = 1; repetition <= times; repetition++) {
      Map<String, String> here = new HashMap<>(renamed);
      for (String name : own) {
        here.put(name, name + "." + repetition);
      }
      if (reads && !own.contains(BEFORE)) {
        here.put(BEFORE, before());
      }
      for (LayerConfig layer : body) {
        Map<String, Object> options = new LinkedHashMap<>(layer.options());
        options.computeIfPresent(NAME, (key, name) -> here.get(String.valueOf(name)));
        add(new LayerConfig(layer.type(), options), here);
      }
    }
    own.remove("null"); // layers without a name
    own.forEach(name -> renamed.put(name, name + "." + times));
  }

  /** The name of the last layer so far, which is given one when it has none. */
  private String before() {
    if (layers.isEmpty()) {
      return "input";
    }
    LayerConfig last = layers.remove(layers.size() - 1);
    Map<String, Object> options = new LinkedHashMap<>(last.options());
    options.putIfAbsent(NAME, BEFORE + "." + layers.size());
    layers.add(new LayerConfig(last.type(), options));
    return String.valueOf(options.get(NAME));
  }

  /** Adds a layer whose references mean what {@code names} says. */
  private void add(LayerConfig layer, Map<String, String> names) {
    Map<String, Object> options = new LinkedHashMap<>(layer.options());
    options.computeIfPresent(
        INPUTS,
        (key, inputs) ->
            ((List<?>) inputs)
                .stream().map(String::valueOf).map(n -> names.getOrDefault(n, n)).toList());
    for (String reference : REFERENCES) {
      options.computeIfPresent(
          reference, (key, name) -> names.getOrDefault(String.valueOf(name), (String) name));
    }
    layers.add(new LayerConfig(layer.type(), options));
  }
}
