package org.hkpgateway.config;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.core.convert.TypeDescriptor;

/**
 * Refuses a number with a fraction where a whole one is expected. YAML and JSON have
 * numbers, not texts, and Spring converts one into the other by cutting off what does not
 * fit.
 */
final class WholeNumbers extends AbstractBindHandler {

	WholeNumbers(BindHandler parent) {
		super(parent);
	}

	@Override
	public @Nullable Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			Object result) {
		ConfigurationProperty property = context.getConfigurationProperty();
		if (property != null && property.getValue() instanceof Number read
				&& (result instanceof Integer || result instanceof Long)
				&& read.doubleValue() != ((Number) result).doubleValue()) {
			throw new ConversionFailedException(TypeDescriptor.forObject(read),
					TypeDescriptor.valueOf(result.getClass()), read,
					new IllegalArgumentException("expected: a whole number, got: " + read));
		}
		return super.onSuccess(name, target, context, result);
	}

}
