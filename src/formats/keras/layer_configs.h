// The layers of an architecture, to be changed in place.
#pragma once

#include <functional>
#include <string>

#include "formats/keras/settings.h"

namespace pare::keras {

// Changes each layer that is no model in a text of JSON. Its path is its name with those of the models around it in front, as the value
// that it gives is called. A text that is not in the form that is known here stays as it is; `change` may throw Json::exception for that.
void change_layers(std::string& architecture, const std::function<void(Json& layer, const std::string& path)>& change);

}  // namespace pare::keras
