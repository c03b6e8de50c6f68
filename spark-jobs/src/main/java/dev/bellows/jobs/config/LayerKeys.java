package dev.bellows.jobs.config;

import dev.bellows.engine.nn.layer.LayerType;
import dev.bellows.engine.nn.layer.Layers;
import dev.bellows.engine.nn.layer.Option;
import java.util.List;

/**
 * Keys of layers as the engine defines them: a layer that the engine gains is a key here without a
 * line of its own.
 */
final class LayerKeys {
  /** Layers of the catalogue that the engine does not have yet. */
  private static final List<String> LATER = List.of("capsule");

  private LayerKeys() {}

  /** Adds every layer type of the engine that {@code choice} does not have. */
  static Choice all(Choice choice) {
    for (LayerType type : Layers.all()) {
      if (!choice.docs().containsKey(type.id())) {
        Section section = new Section();
        type.options().forEach(option -> OptionKeys.add(section, option.name(), option));
        choice.with(type.id(), type.doc(), common(section, type));
      }
    }
    return choice.later(LATER.toArray(String[]::new));
  }

  /** Adds the options that every layer has. */
  static Section common(Section section, LayerType type) {
    List<Option> all = type.allOptions();
    all.subList(type.options().size(), all.size())
        .forEach(option -> OptionKeys.add(section, option.name(), option));
    return section;
  }
}
